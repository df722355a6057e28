"""What MicroPython starts after each boot. It has to be source; all else may be compiled.

From its first line on nothing leaves the tag awake and deaf: the watchdog runs, a module that could not be read is
read again, and whatever is raised, `rescue` arms the wakes and the tag sleeps. A Ctrl-C alone leads to the REPL, and
only where it can be noted: until then it is no more than a character.
"""

import machine
import micropython

micropython.kbd_intr(-1)
try:
    try:
        machine.WDT(timeout=30000)
        try:
            import wake
        except Exception:  # noqa: BLE001  a file that could not be read, once
            import wake
        wake.main()
    except Exception as error:  # noqa: BLE001  whatever it is
        try:
            import rescue

            rescue.run(error)
        except Exception:  # noqa: BLE001
            pass
        machine.deepsleep(300000)
except KeyboardInterrupt:
    machine.WDT(timeout=604800000)  # somebody is at the REPL, if the wake itself could not see to it
    raise
