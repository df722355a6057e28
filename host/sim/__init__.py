"""The virtual station: tags that run the firmware's own files in a real MicroPython, on virtual hardware.

    station         where to begin: tags, the air between them and the station, one timeline
    tag             one tag: what happens to it, and its program's life;  rest: whether that has come to rest
    virtual_board   its circuit, clock, memories, sleep and wake;  nor, chip_flash: its flash and what is where in it
    air             the virtual radio, with counters;  serial_port, bootloader: its USB port
    process         the interpreter's process;  runtime, runner.mjs: MicroPython under Node
    timeline        time: instant for history, real for the radio

What MicroPython imports: `board/` (modules of the ESP32 port), `radio/` (`bluetooth`, where the
interpreter has none), `native/` (what starts another MicroPython than the WebAssembly build).

    python -m host.sim --tags 2     for developers: tags to enrol and dock with another process
"""
