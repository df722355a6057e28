"""kitcore's session server: one session that asks for everything, and the ways to be thrown out; prints frames."""

import struct
from binascii import hexlify

from nor import Nor

from kitcore.ring import Ring, form
from kitcore.server import RangeError, Server
from kitwire import record, session

KEY = bytes(range(100, 132))


class Tag:
    def __init__(self):
        flash = Nor(3)
        form(flash, 3, bytes(32))
        self.log = Ring(flash, 3, bytes(8))
        for uptime_s in range(160):
            self.log.append(record.Plain(record.LID_OPEN, 1, 3900, 1, uptime_s, 0, 0))

    def status(self):
        return session.Status(1, 0, 1, 8, 3900, 70, 0, 2, 1234, 567, 1790000000, self.log.first, self.log.last, 3, 9)

    def acknowledge(self, up_to):
        return up_to

    def set_time(self, utc_ms):
        print("time", utc_ms)
        return -3

    def get_config(self, item):
        if item != 2:
            raise RangeError("no such item")
        return 86400

    def set_config(self, item, value):
        print("config", item, value)

    def identify(self, seconds):
        print("identify", seconds)


tag = Tag()


def tell(frames):
    for frame in frames:
        print(hexlify(frame).decode())


def meet():
    server = Server(KEY, b"t" * 16, tag)
    station = session.StationHandshake(KEY, b"s" * 16)
    frames = list(server.feed(session.frame(station.hello())))
    tell(frames)
    proof, channel = station.channel(frames[0][2:])
    tell(server.feed(session.frame(proof)))
    return server, channel


server, channel = meet()
requests = (
    bytes([session.STATUS]),
    session.pack_read(1, 30),
    session.pack_acknowledge(160),
    session.pack_acknowledge(161),
    session.pack_set_time(1790000000250),
    session.pack_set_time(5),
    bytes([session.GET_CONFIG, 2]),
    bytes([session.GET_CONFIG, 3]),
    struct.pack("<BBI", session.SET_CONFIG, 2, 7200),
    bytes([session.IDENTIFY, 9]),
    bytes([session.IDENTIFY, 255]),
    b"\x55",
    b"\x01\x00",
)
stream = b"".join([session.frame(channel.seal(request)) for request in requests])
for at in range(0, len(stream), 20):
    for frame in server.feed(stream[at : at + 20]):
        print(hexlify(frame).decode())
        print(hexlify(channel.open(frame[2:])).decode())
print(server.authenticated, server.over)

for spoil in (0, 1, 5):
    server, channel = meet()
    body = bytearray(channel.seal(bytes([session.STATUS])))
    body[spoil] ^= 1
    tell(server.feed(session.frame(bytes(body))))
    print(server.authenticated, server.over)

for body in (b"\x01\x02" + bytes(16), b"\x01\x01" + bytes(16), b"\x03" + bytes(32), b"\x10" + bytes(20)):
    server = Server(KEY, b"t" * 16, tag)
    tell(server.feed(session.frame(body)))
    tell(server.feed(session.frame(b"\x03" + bytes(32))))
    print(server.authenticated, server.over)
