"""The tag's side of a session against the station's side of kitwire: who gets in, and what is answered."""

import struct
from collections.abc import Iterable

import pytest

from kitcore.ring import Ring, StorageError, form
from kitcore.server import LONGEST_IDENTIFY_S, RangeError, Server
from kitwire import PROTOCOL_VERSION, config, record, session
from kitwire.errors import WireError
from tests.cases.nor import Nor

TAG_ID = bytes(range(8))
SESSION_KEY = bytes(range(100, 132))
STATION_NONCE = b"s" * 16
TAG_NONCE = b"t" * 16
UTC_S = 1790000000
STATUS = session.Status(1, 0, 1, 8, 3900, 70, 0, 2, 1234, 567, UTC_S, 1, 60, 0, 9)


class FakeDevice:
    """A tag with a real log of 60 records in a ring that holds 150."""

    def __init__(self, records: int = 60) -> None:
        nor = Nor(3)
        form(nor, 3, bytes(32))
        self.log = Ring(nor, 3, TAG_ID)
        for uptime_s in range(records):
            self.log.append(record.Plain(record.LID_OPEN, 1, 3900, 1, uptime_s, 0, 0))
        self.acknowledged = 0
        self.config = {config.HEARTBEAT_S: 86400}
        self.utc_ms = 0
        self.shown_s = 0
        self.flash_fails = False

    def status(self) -> session.Status:
        return STATUS

    def acknowledge(self, up_to: int) -> int:
        if self.flash_fails:
            raise StorageError("no")
        self.acknowledged = max(self.acknowledged, up_to)
        return self.acknowledged

    def set_time(self, utc_ms: int) -> int:
        self.utc_ms = utc_ms
        return -7

    def get_config(self, item: int) -> int:
        if item not in self.config:
            raise RangeError("no such item")
        return self.config[item]

    def set_config(self, item: int, value: int) -> None:
        if value < 3600:
            raise RangeError("too short")
        self.config[item] = value

    def identify(self, seconds: int) -> None:
        self.shown_s = seconds


def serve(device: FakeDevice | None = None) -> Server:
    return Server(SESSION_KEY, TAG_NONCE, device or FakeDevice())


def bodies(frames: Iterable[bytes]) -> list[bytes]:
    return session.FrameBuffer().feed(b"".join(frames))


def station(server: Server, key: bytes = SESSION_KEY) -> session.Channel:
    """The station's channel to `server`, after HELLO, CHALLENGE and PROOF."""
    handshake = session.StationHandshake(key, STATION_NONCE)
    (challenge,) = bodies(server.feed(session.frame(handshake.hello())))
    proof, channel = handshake.channel(challenge)
    assert list(server.feed(session.frame(proof))) == []
    return channel


def ask(server: Server, channel: session.Channel, *requests: bytes) -> list[bytes]:
    """The messages that answer `requests`, sent all at once."""
    sent = b"".join([session.frame(channel.seal(request)) for request in requests])
    return [channel.open(body) for body in bodies(server.feed(sent))]


def test_station_with_the_key_gets_in() -> None:
    server = serve()
    assert not server.authenticated
    channel = station(server)
    assert server.authenticated and not server.over
    assert ask(server, channel, bytes([session.STATUS])) == [session.pack_status(STATUS)]


def test_station_with_another_key_is_refused_and_told_so() -> None:
    server = serve()
    handshake = session.StationHandshake(SESSION_KEY, STATION_NONCE)
    bodies(server.feed(session.frame(handshake.hello())))
    forged = bytes([session.PROOF]) + bytes(32)
    assert bodies(server.feed(session.frame(forged))) == [bytes([session.REFUSED, session.ERROR_PROOF])]
    assert server.over and not server.authenticated


def test_proof_of_an_earlier_session_is_refused() -> None:
    handshake = session.StationHandshake(SESSION_KEY, STATION_NONCE)
    recorded = handshake.hello()
    first = serve()
    (challenge,) = bodies(first.feed(session.frame(recorded)))
    proof, _ = handshake.channel(challenge)
    later = Server(SESSION_KEY, b"u" * 16, FakeDevice())
    replies = bodies(later.feed(session.frame(recorded) + session.frame(proof)))
    assert replies[1:] == [bytes([session.REFUSED, session.ERROR_PROOF])]
    assert later.over and not later.authenticated


def test_another_protocol_version_is_refused_by_name() -> None:
    server = serve()
    hello = bytes([session.HELLO, PROTOCOL_VERSION + 1]) + STATION_NONCE
    assert bodies(server.feed(session.frame(hello))) == [bytes([session.REFUSED, session.ERROR_VERSION])]
    assert server.over


@pytest.mark.parametrize(
    "body",
    [
        bytes([session.STATUS]),
        bytes([session.PROOF]) + bytes(32),
        bytes([session.SEALED]) + bytes(20),
        bytes([session.HELLO]),
        bytes([session.HELLO, PROTOCOL_VERSION]) + bytes(15),
        b"\xee",
    ],
)
def test_anything_but_hello_ends_a_session_without_a_word(body: bytes) -> None:
    server = serve()
    assert list(server.feed(session.frame(body))) == []
    assert server.over and not server.authenticated


def test_second_hello_ends_the_session() -> None:
    hello = session.frame(session.StationHandshake(SESSION_KEY, STATION_NONCE).hello())
    server = serve()
    assert len(list(server.feed(hello + hello))) == 1
    assert server.over
    proven = serve()
    station(proven)
    assert list(proven.feed(hello)) == []
    assert proven.over


def test_second_proof_ends_the_session() -> None:
    server = serve()
    handshake = session.StationHandshake(SESSION_KEY, STATION_NONCE)
    (challenge,) = bodies(server.feed(session.frame(handshake.hello())))
    proof, _ = handshake.channel(challenge)
    assert list(server.feed(session.frame(proof) + session.frame(proof))) == []
    assert server.over


def test_replayed_frame_ends_the_session_and_is_not_done_again() -> None:
    device = FakeDevice()
    server = serve(device)
    channel = station(server)
    request = session.frame(channel.seal(session.pack_acknowledge(5)))
    assert len(list(server.feed(request))) == 1
    device.acknowledged = 0
    assert list(server.feed(request)) == []
    assert server.over and device.acknowledged == 0


@pytest.mark.parametrize("at", [0, 1, 2, 3, -1])
def test_altered_frame_ends_the_session_and_is_not_done(at: int) -> None:
    device = FakeDevice()
    server = serve(device)
    body = bytearray(station(server).seal(session.pack_acknowledge(5)))
    body[at] ^= 0x01
    assert list(server.feed(session.frame(bytes(body)))) == []
    assert server.over and device.acknowledged == 0


def test_lost_frame_ends_the_session() -> None:
    server = serve()
    channel = station(server)
    channel.seal(bytes([session.STATUS]))
    assert list(server.feed(session.frame(channel.seal(bytes([session.STATUS]))))) == []
    assert server.over


@pytest.mark.parametrize("size", [0, session.MAX_BODY + 1, 0xFFFF])
def test_frame_of_an_impossible_size_ends_the_session(size: int) -> None:
    server = serve()
    station(server)
    assert list(server.feed(struct.pack("<H", size))) == []
    assert server.over


def test_nothing_after_the_end_is_answered() -> None:
    device = FakeDevice()
    server = serve(device)
    channel = station(server)
    altered = bytearray(channel.seal(session.pack_acknowledge(5)))
    altered[-1] ^= 0x01
    channel._sent = 0
    good = session.frame(channel.seal(session.pack_acknowledge(5)))
    assert list(server.feed(session.frame(bytes(altered)) + good)) == []
    assert list(server.feed(good)) == []
    assert device.acknowledged == 0


def test_requests_in_one_piece_and_byte_by_byte_get_the_same_answers_in_order() -> None:
    requests = [
        bytes([session.STATUS]),
        session.pack_read(1, 3),
        session.pack_acknowledge(3),
        session.pack_set_time(UTC_S * 1000 + 250),
    ]
    at_once = serve()
    answers = ask(at_once, station(at_once), *requests)
    assert [answer[0] for answer in answers] == [0x81, 0x90, 0x82, 0x83, 0x84]
    piecemeal = serve()
    channel = station(piecemeal)
    stream = b"".join([session.frame(channel.seal(request)) for request in requests])
    frames = [frame for at in range(len(stream)) for frame in piecemeal.feed(stream[at : at + 1])]
    assert [channel.open(body) for body in bodies(frames)] == answers


def read(server: Server, channel: session.Channel, first: int, most: int) -> tuple[list[bytes], list[bytes]]:
    """Messages and records that answer one READ."""
    answers = ask(server, channel, session.pack_read(first, most))
    records = [one for answer in answers if answer[0] == session.RECORDS for one in session.records_of(answer)]
    return answers, records


@pytest.mark.parametrize(("first", "most", "count"), [(1, 60, 60), (1, 13, 13), (14, 14, 14), (60, 9, 1), (5, 0, 0)])
def test_read_gives_the_records_and_where_to_go_on(first: int, most: int, count: int) -> None:
    device = FakeDevice()
    server = serve(device)
    answers, records = read(server, station(server), first, most)
    assert records == list(device.log.records(first, count))
    assert session.parse_reply(answers[-1]) == (session.REPLY | session.READ, (first + count,))
    assert len(answers) == 1 + (count + 12) // 13


def test_read_of_records_not_yet_made_is_empty_or_out_of_range() -> None:
    server = serve()
    channel = station(server)
    answers, _ = read(server, channel, 61, 10)
    assert [session.parse_reply(answer) for answer in answers] == [(0x82, (61,))]
    for first in (0, 62, 0xFFFFFFFF):
        assert read(server, channel, first, 10)[0] == [session.pack_error(session.READ, session.ERROR_RANGE)]
    assert not server.over


def test_read_of_lost_records_names_the_gap_first() -> None:
    device = FakeDevice(170)
    assert device.log.first == 50
    server = serve(device)
    answers, records = read(server, station(server), 20, 40)
    assert session.gap_of(answers[0]) == (50, device.log.tag_before_first)
    assert records == list(device.log.records(50, 40))
    assert session.parse_reply(answers[-1])[1] == (90,)


def test_read_of_nothing_tells_the_gap_and_no_more() -> None:
    device = FakeDevice(170)
    server = serve(device)
    answers, records = read(server, station(server), 20, 0)
    assert (session.gap_of(answers[0])[0], len(answers), records) == (50, 2, [])
    assert session.parse_reply(answers[1])[1] == (50,)


def test_read_is_made_frame_by_frame() -> None:
    device = FakeDevice()
    server = serve(device)
    channel = station(server)
    frames = iter(server.feed(session.frame(channel.seal(session.pack_read(1, 60)))))
    first = next(frames)
    device.log.append(record.Plain(record.LID_CLOSE, 0, 3900, 1, 99, 0, 0))
    answers = [channel.open(body) for body in bodies([first, *frames])]
    assert session.parse_reply(answers[-1])[1] == (61,)
    assert read(server, channel, 61, 10)[1] == list(device.log.records(61, 1))


def test_acknowledge() -> None:
    device = FakeDevice()
    server = serve(device)
    channel = station(server)
    replies = ask(
        server,
        channel,
        session.pack_acknowledge(0),
        session.pack_acknowledge(60),
        session.pack_acknowledge(3),
        session.pack_acknowledge(61),
    )
    assert [session.parse_reply(reply) for reply in replies] == [
        (0x83, (0,)),
        (0x83, (60,)),
        (0x83, (60,)),
        (session.ERROR, (session.ACKNOWLEDGE, session.ERROR_RANGE)),
    ]
    device.flash_fails = True
    assert ask(server, channel, session.pack_acknowledge(60)) == [
        session.pack_error(session.ACKNOWLEDGE, session.ERROR_STORAGE)
    ]
    assert not server.over


def test_set_time() -> None:
    device = FakeDevice()
    server = serve(device)
    channel = station(server)
    replies = ask(
        server,
        channel,
        session.pack_set_time(UTC_S * 1000 + 250),
        session.pack_set_time(config.EARLIEST_UTC_S * 1000 - 1),
        struct.pack("<BIH", session.SET_TIME, UTC_S, 1000),
        struct.pack("<BIH", session.SET_TIME, config.LATEST_UTC_S + 1, 0),
        struct.pack("<BIH", session.SET_TIME, 0xFFFFFFFF, 999),
    )
    refused = (session.ERROR, (session.SET_TIME, session.ERROR_RANGE))
    assert [session.parse_reply(reply) for reply in replies] == [(0x84, (-7,)), *[refused] * 4]
    assert device.utc_ms == UTC_S * 1000 + 250


@pytest.mark.parametrize("utc_s", [config.EARLIEST_UTC_S, config.LATEST_UTC_S])
def test_set_time_takes_the_first_and_the_last_that_a_clock_may_tell(utc_s: int) -> None:
    device = FakeDevice()
    server = serve(device)
    ask(server, station(server), session.pack_set_time(utc_s * 1000))
    assert device.utc_ms == utc_s * 1000


def test_config() -> None:
    device = FakeDevice()
    server = serve(device)
    heartbeat = config.HEARTBEAT_S
    replies = ask(
        server,
        station(server),
        bytes([session.GET_CONFIG, heartbeat]),
        struct.pack("<BBI", session.SET_CONFIG, heartbeat, 7200),
        bytes([session.GET_CONFIG, heartbeat]),
        struct.pack("<BBI", session.SET_CONFIG, heartbeat, 5),
        bytes([session.GET_CONFIG, 99]),
        bytes([session.GET_CONFIG, 0]),
    )
    assert [session.parse_reply(reply) for reply in replies] == [
        (0x85, (heartbeat, 86400)),
        (0x86, (heartbeat, 7200)),
        (0x85, (heartbeat, 7200)),
        (session.ERROR, (session.SET_CONFIG, session.ERROR_RANGE)),
        (session.ERROR, (session.GET_CONFIG, session.ERROR_RANGE)),
        (session.ERROR, (session.GET_CONFIG, session.ERROR_RANGE)),
    ]


def test_identify() -> None:
    device = FakeDevice()
    server = serve(device)
    replies = ask(
        server,
        station(server),
        bytes([session.IDENTIFY, 10]),
        bytes([session.IDENTIFY, 0]),
        bytes([session.IDENTIFY, LONGEST_IDENTIFY_S + 1]),
    )
    refused = session.pack_error(session.IDENTIFY, session.ERROR_RANGE)
    assert replies == [bytes([session.REPLY | session.IDENTIFY]), refused, refused]
    assert device.shown_s == 10


def test_request_that_is_not_understood_is_named_and_the_session_goes_on() -> None:
    server = serve()
    channel = station(server)
    assert ask(server, channel, b"\x55", bytes([session.READ]), bytes([session.STATUS, 0])) == [
        session.pack_error(0x55, session.ERROR_OPERATION),
        session.pack_error(session.READ, session.ERROR_FORM),
        session.pack_error(session.STATUS, session.ERROR_FORM),
    ]
    assert ask(server, channel, bytes([session.STATUS])) == [session.pack_status(STATUS)]


def test_empty_message_ends_the_session() -> None:
    server = serve()
    assert list(server.feed(session.frame(station(server).seal(b"")))) == []
    assert server.over


def test_session_ends_when_its_frames_are_used_up() -> None:
    server = serve()
    channel = station(server)
    assert server._channel is not None
    server._channel._sent = channel._received = 0xFFFF
    assert ask(server, channel, bytes([session.STATUS])) == [session.pack_status(STATUS)], "the last one"
    assert list(server.feed(session.frame(channel.seal(bytes([session.STATUS]))))) == []
    assert server.over


def test_fault_of_the_device_comes_through() -> None:
    class Broken(FakeDevice):
        def status(self) -> session.Status:
            raise ZeroDivisionError

    server = serve(Broken())
    channel = station(server)
    with pytest.raises(ZeroDivisionError):
        list(server.feed(session.frame(channel.seal(bytes([session.STATUS])))))


def test_wire_error_is_never_let_out() -> None:
    """Any garbage ends the session, and only that."""
    for first in range(256):
        server = serve()
        try:
            list(server.feed(bytes([first, 0]) + bytes(first or 1)))
        except WireError as error:
            pytest.fail(f"{first}: {error}")
        assert not server.authenticated
