#!/usr/bin/env bash
# Gets systemd-analyze, with which tests/unit/test_systemd.py checks the dock's unit. On Debian as root it is installed,
# and starts nothing. Fails if it can't be had: what is skipped in CI is not checked anywhere.
set -euo pipefail

command -v systemd-analyze >/dev/null && exit 0
get() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends systemd
}
get || { apt-get -qq update && get; }
command -v systemd-analyze >/dev/null
