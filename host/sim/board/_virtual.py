"""The way from the shims to the virtual board, and the interrupts that come back while the program waits.

A call is one line of JSON `[name, arguments...]`, its answer `[0, value]`, `[errno, text]`, or
`[-1, ""]` for Ctrl-C. The board can also let a call never return: deep sleep, reset, power cut.
"""

# ruff: noqa: BLE001, RUF005
# mypy: ignore-errors

import gc
import json
import sys

import _host

handlers = {}
"""What to call for an interrupt, by its source: `("pin", number)` or `("ble",)`."""


native_radio = None
"""The interpreter's own `bluetooth.BLE()`, if it has one."""
native_sleep_ms = None
"""The interpreter's own sleep, in which events of `native_radio` are delivered."""
_SLICE_MS = 5
heap_only_grows = sys.platform == "webassembly"


def call(name, *arguments):
    """What the board answers. Raises `OSError`, or `KeyboardInterrupt` after a Ctrl-C."""
    error, value = json.loads(_host.call(json.dumps((name,) + arguments)))
    if error == 0:
        return value
    if error < 0 and not value:
        raise KeyboardInterrupt
    raise OSError(error, value)


def report_heap(at_the_end_of):
    """Tell the board how much heap is in use, where nothing is freed while a program runs."""
    if heap_only_grows:
        call("heap", at_the_end_of, gc.mem_alloc())


def wait(microseconds):
    """Let time pass, and run the interrupts that come meanwhile, as scheduled callbacks run on the chip.

    While a native radio is on, time passes in real time, in slices of the interpreter's own sleep.
    """
    deadline = None
    while True:
        native = native_radio is not None and native_radio.active()
        deadline, left_us, interrupts = call("wait", int(microseconds), deadline, _SLICE_MS * 1000 if native else None)
        for source, arguments in interrupts:
            handler = handlers.get(tuple(source))
            if handler:
                try:
                    handler(arguments)
                except Exception as error:  # as the chip does: printed, and the program goes on
                    call("fault", repr(error))
                    sys.print_exception(error)
        if left_us <= 0:
            return
        if native:
            native_sleep_ms(max(1, min(left_us // 1000, _SLICE_MS)))


_BLOCK = 4096


def statvfs(os, path="/"):
    """What `os.statvfs` says of the chip's file system, littlefs in blocks of 4 KiB: two for itself, and as many as the
    files take. This machine's own has other figures."""
    blocks = call("file_blocks")
    free = max(0, blocks - 2 - _blocks_in(os, "/"))
    return (_BLOCK, _BLOCK, blocks, free, free, 0, 0, 0, 0, 255)


def _blocks_in(os, folder):
    blocks = 0
    for entry in os.ilistdir(folder):
        at = folder.rstrip("/") + "/" + entry[0]
        if entry[1] & 0x4000:
            blocks += 2 + _blocks_in(os, at)
        else:
            blocks += (os.stat(at)[6] + _BLOCK - 1) // _BLOCK
    return blocks


def _spoil_imports(modules):
    """Let the next import of each of `modules` fail, as when its file cannot be read."""
    import builtins

    load = builtins.__import__

    def spoilt(name, *rest):
        if name in modules:
            modules.remove(name)
            call("import_failed", name)
        return load(name, *rest)

    builtins.__import__ = spoilt


_spoilt = call("spoilt_imports")
if _spoilt:
    _spoil_imports(_spoilt)
