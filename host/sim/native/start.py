"""Runs in another MicroPython in place of `runner.mjs`: `start.py TO_HOST FROM_HOST SIM_FOLDER`.

The first two are the numbers of open pipes that carry the lines described in `runner.mjs`. The working
directory holds the firmware's files. Stock MicroPython for Unix has no `machine` or `esp32` of the
ESP32's kind; its `bluetooth`, if it was built with one, is used as it is.
"""

# ruff: noqa: BLE001, PTH109, PTH116, PTH123, RUF005, SIM115
# mypy: ignore-errors

import json
import sys

_main_globals = {"__name__": "__main__"}


_WITH_PATHS = ("stat", "remove", "unlink", "mkdir", "rmdir", "rename", "chdir", "listdir", "ilistdir", "statvfs")


def _stay_in_working_directory():
    """Let the working directory be the root for programs: this machine's own files are not theirs."""
    import builtins
    import os

    root = os.getcwd()

    def inside(path):
        parts = []
        for part in path.split("/") if isinstance(path, str) else ():
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        return root + "/" + "/".join(parts)

    def within(function):
        return lambda *paths: function(*[inside(path) for path in paths or (".",)])

    class Os:
        pass

    for name in dir(os):
        setattr(Os, name, within(getattr(os, name)) if name in _WITH_PATHS else getattr(os, name))
    Os.getcwd = lambda: "/"
    del Os.chdir

    def statvfs(path="/"):
        import _virtual

        return _virtual.statvfs(Os, path)

    Os.statvfs = statvfs
    sys.modules["os"] = sys.modules["uos"] = Os
    open_anything = open
    builtins.open = lambda path, *rest, **named: open_anything(inside(path), *rest, **named)


class _Host:
    def __init__(self, to_host, from_host):
        self._to_host = open("/dev/fd/" + to_host, "wb")
        self._from_host = open("/dev/fd/" + from_host, "rb")
        self.stoppable = True

    def send(self, line):
        self._to_host.write(line.encode() + b"\n")  # not buffered, and a flush would be an fsync

    def receive(self):
        line = self._from_host.readline()
        if not line:
            raise SystemExit
        return line.decode()

    def call(self, request):
        self.send(("c" if self.stoppable else "C") + request)
        return self.receive()


def _listen_to_kbd_intr(host):
    """Let `micropython.kbd_intr` say whether the host's Ctrl-C stops the program."""
    import micropython

    class Micropython:
        pass

    for name in dir(micropython):
        setattr(Micropython, name, getattr(micropython, name))

    def kbd_intr(character):
        host.stoppable = character >= 0

    Micropython.kbd_intr = kbd_intr
    sys.modules["micropython"] = Micropython


def _traceback(error):
    import io

    text = io.StringIO()
    sys.print_exception(error, text)
    return text.getvalue().rstrip()


def _exists(path):
    import os

    try:
        os.stat(path)
    except OSError:
        return False
    return True


def _run(host, command):
    """One program; the answer to it."""
    result = None
    host.stoppable = True
    try:
        if "run" in command:
            for path in ("boot.py", command["run"].lstrip("/")):
                if _exists(path):
                    with open(path) as source:
                        program = compile(source.read(), "/" + path, "exec")
                    exec(program, _main_globals)
        else:
            exec(compile(command["exec"], "<stdin>", "exec"), _main_globals)
    except SystemExit:
        pass
    except BaseException as error:
        result = _traceback(error)
    host.send("e" + json.dumps(result))


def _main():
    host = _Host(sys.argv[1], sys.argv[2])
    folder = sys.argv[3]
    import cryptolib

    sys.modules["cryptolib"] = cryptolib  # the interpreter's own, not the one that stands in for it elsewhere
    shims = [folder + "/board"]
    native_radio = None
    try:
        import bluetooth

        native_radio = bluetooth.BLE()
    except ImportError:
        shims.append(folder + "/radio")
    sys.path[:] = shims + ["", "lib", ".frozen"]
    sys.modules["_host"] = host
    if native_radio is not None:
        import _virtual
        import utime

        _virtual.native_sleep_ms = utime.sleep_ms
        _virtual.native_radio = native_radio
    _stay_in_working_directory()
    _listen_to_kbd_intr(host)
    while True:
        _run(host, json.loads(host.receive()))


_main()
