"""What MicroPython starts after each boot. It has to be source; all else may be compiled.

From its first line on nothing leaves the tag awake and deaf: the watchdog runs, a module that could not be read is
read again, and whatever is raised, `rescue` arms the wakes and the tag sleeps. A Ctrl-C alone leads to the REPL.
"""

import machine

try:
    machine.WDT(timeout=30000)
    try:
        import wake
    except Exception:  # noqa: BLE001  a file that could not be read, once
        import wake
    wake.main()
except KeyboardInterrupt:
    machine.WDT(timeout=604800000)  # somebody is at the REPL, before the wake itself could see it
    raise
except Exception as error:  # noqa: BLE001  whatever it is
    try:
        import rescue

        rescue.run(error)
    finally:
        machine.deepsleep(300000)
