"""Putting the firmware onto a board: MicroPython, the partition table with the log's partition, the application.

layout        where everything is in the chip's flash, as text and as the chip has it
image         MicroPython's image: is it one for this chip, and whole; with our table in it
published     MicroPython's published images, and who vouches for any other one
application   the tag's own files, compiled
chip          the edge to the chip's bootloader, through esptool
files         the edge to the board's file system, through mpremote
board         all of it in order, and only what differs
"""
