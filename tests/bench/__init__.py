"""Benchmarks: `make bench` prints a table and writes build/bench.json.

Each figure stands beside a named rival measured in the same run, so that the machine's speed and noise
cancel out. Where the two are timed, they take turns and the best of several rounds counts: noise only
ever adds time.
"""
