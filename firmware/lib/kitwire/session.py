"""The session: who may speak, how frames are sealed, and what can be asked.

A link (GATT, USB serial, memory) carries frames. On GATT each frame is its length in 2 bytes,
little-endian, then its body; the stream is cut into pieces of at most MTU - 3 bytes at will.

    station                                     tag
    HELLO      01 | version | Ns (16)     -->
               <--   CHALLENGE  02 | version | Nt (16) | HMAC(K, "kitdock tag 1" | v v | Nt | Ns)
    PROOF      03 | HMAC(K, "kitdock station 1" | v v | Ns | Nt)     -->
    SEALED     10 | counter (2) | ciphertext | MIC (8)     <-->

K is the tag's session key, `v v` both version bytes, each HMAC 32 bytes: three-pass mutual
authentication of ISO/IEC 9798-4. A stranger learns no identity from it. Frame keys are HKDF (RFC 5869)
with salt Ns | Nt, K as key material, info "kitdock frames 1": 16 bytes station to tag, then 16 bytes
tag to station. A sealed frame is AES-128-CCM; nonce: direction (1 to the tag, 2 from it), ten zero
bytes, counter (2); associated data: the three bytes before the ciphertext. Counters start at 0
in each direction and rise by one: a frame that is not the next one ends the session.

Before authentication a tag may answer REFUSED  0f | error code, in clear, and drop the link.

Requests and their replies, each the message inside one sealed frame (first byte the operation):

    01 STATUS                       81 status
    02 READ  from (4), most (2)     91 GAP  first (4), tag before it (16): only if records are gone
                                    90 RECORDS, n * 36, any number of frames, then 82 next (4)
    03 ACKNOWLEDGE  up to (4)       83 acknowledged (4)
    04 SET_TIME  utc s (4), ms (2)  84 correction in seconds, signed (4)
    05 GET_CONFIG  item (1)         85 item (1), value (4)
    06 SET_CONFIG  item, value (4)  86 item (1), value (4)
    07 IDENTIFY  seconds (1)        87
                                    ff operation (1), error code (1)

All integers are little-endian.
"""

import struct
from collections import namedtuple

from . import PROTOCOL_VERSION, ccm, kdf, record
from .errors import AuthenticationError, WireError

SERVICE_UUID = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
"""GATT service, the Nordic UART service: nothing in it says Kitdock."""
RX_UUID = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
"""Characteristic that the station writes."""
TX_UUID = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
"""Characteristic by which the tag notifies."""

NONCE_SIZE = 16
"""Size of each side's random contribution in bytes."""
MIC_SIZE = 8
"""Size of a sealed frame's authentication code in bytes."""
MAX_BODY = 486
"""Longest body of a frame in bytes: with its length, two notifications at the MTU of 247."""
RECORDS_PER_FRAME = 13
"""Most records in one RECORDS message."""

HELLO = 0x01
CHALLENGE = 0x02
PROOF = 0x03
REFUSED = 0x0F
SEALED = 0x10

STATUS = 0x01
READ = 0x02
ACKNOWLEDGE = 0x03
SET_TIME = 0x04
GET_CONFIG = 0x05
SET_CONFIG = 0x06
IDENTIFY = 0x07
REPLY = 0x80
"""Added to a request's operation in its reply."""
RECORDS = 0x90
GAP = 0x91
ERROR = 0xFF

ERROR_FORM = 1
"""The message does not have the form of its operation."""
ERROR_OPERATION = 2
"""No such operation in this protocol version."""
ERROR_RANGE = 3
"""A value is outside what the tag accepts."""
ERROR_PROOF = 4
"""The station's proof is not that of this tag's session key."""
ERROR_VERSION = 5
"""The tag does not speak this protocol version."""
ERROR_STORAGE = 6
"""The tag's flash did not take a write."""
ERROR_BUSY = 7
"""The tag serves another link."""

ERROR_NAMES = {
    ERROR_FORM: "malformed message",
    ERROR_OPERATION: "unknown operation",
    ERROR_RANGE: "value out of range",
    ERROR_PROOF: "proof of another key",
    ERROR_VERSION: "unknown protocol version",
    ERROR_STORAGE: "flash write failed",
    ERROR_BUSY: "busy with another link",
}

STATUS_FORMAT = "<BBBBHBBHIHIIIII"
Status = namedtuple(
    "Status",
    (
        "version",
        "firmware_major",
        "firmware_minor",
        "flags",
        "battery_mv",
        "battery_percent",
        "profile",
        "boot_count",
        "uptime_s",
        "uptime_ms",
        "utc_s",
        "first_sequence",
        "last_sequence",
        "acknowledged",
        "epoch",
    ),
)
"""A tag's state. flags: `record.FLAG_...`; uptime is `uptime_s` seconds and `uptime_ms` milliseconds at
the moment of the reply; `first_sequence` the oldest record it holds (last_sequence + 1 if none);
`epoch` the number of its advertising epoch."""

_TO_TAG = 1
_FROM_TAG = 2


class Refused(WireError):
    """The tag ended the session before authentication; `code` says why."""

    def __init__(self, code: int) -> None:
        super().__init__("tag refused the session: " + ERROR_NAMES.get(code, "error %d" % code))
        self.code = code


class Channel:
    """The sealed frames of one side of an authenticated session, in strict order both ways."""

    def __init__(self, sealing_key: bytes, opening_key: bytes, direction: int) -> None:
        self._sealing_key = sealing_key
        self._opening_key = opening_key
        self._direction = direction
        self._sent = 0
        self._received = 0

    def seal(self, message: bytes) -> bytes:
        """The body of the frame that carries `message` to the other side.

        Raises `WireError` when the session's 65,536 frames are used up.
        """
        if self._sent > 0xFFFF:
            raise WireError("session has used its last frame")
        head = struct.pack("<BH", SEALED, self._sent)
        nonce = bytes([self._direction]) + bytes(10) + head[1:]
        self._sent += 1
        return head + ccm.seal(self._sealing_key, nonce, message, head, MIC_SIZE)

    def open(self, body: bytes) -> bytes:
        """The message in the frame `body` from the other side.

        Raises `WireError` if it is no sealed frame or not the next one (replayed, dropped, out of
        order), `AuthenticationError` if it was altered. The session is over after either.
        """
        if len(body) < 3 + MIC_SIZE or body[0] != SEALED:
            raise WireError("not a sealed frame")
        counter = int(struct.unpack_from("<H", body, 1)[0])
        if self._received > 0xFFFF or counter != self._received:
            raise WireError("frame %d came where %d was due: replayed or lost" % (counter, self._received))
        nonce = bytes([_TO_TAG + _FROM_TAG - self._direction]) + bytes(10) + body[1:3]
        message = ccm.open(self._opening_key, nonce, body[3:], body[:3], MIC_SIZE)
        self._received += 1
        return message


def _proof(session_key: bytes, label: bytes, first: bytes, second: bytes) -> bytes:
    versions = bytes([PROTOCOL_VERSION, PROTOCOL_VERSION])
    return kdf.hmac_sha256(session_key, label + versions + first + second)


def _frame_keys(session_key: bytes, station_nonce: bytes, tag_nonce: bytes) -> tuple[bytes, bytes]:
    secret = kdf.hkdf_extract(station_nonce + tag_nonce, session_key)
    both = kdf.hkdf_expand(secret, b"kitdock frames 1", 32)
    return both[:16], both[16:]


class TagHandshake:
    """The tag's side of the authentication. `nonce` is 16 fresh random bytes, for one HELLO only."""

    def __init__(self, session_key: bytes, nonce: bytes) -> None:
        self._key = session_key
        self._nonce = nonce
        self._station_nonce = b""

    def challenge(self, hello: bytes) -> bytes:
        """The CHALLENGE that answers the body `hello`.

        Raises `Refused` for another version, `WireError` if it is no HELLO or a second one.
        """
        if len(hello) < 2 or hello[0] != HELLO or self._station_nonce:
            raise WireError("not a first HELLO")
        if hello[1] != PROTOCOL_VERSION:
            raise Refused(ERROR_VERSION)
        if len(hello) != 2 + NONCE_SIZE:
            raise WireError("HELLO is %d bytes, not %d" % (len(hello), 2 + NONCE_SIZE))
        self._station_nonce = bytes(hello[2:])
        head = bytes([CHALLENGE, PROTOCOL_VERSION]) + self._nonce
        return head + _proof(self._key, b"kitdock tag 1", self._nonce, self._station_nonce)

    def channel(self, proof: bytes) -> Channel:
        """The channel to the station that sent the body `proof`.

        Raises `AuthenticationError` if it does not hold the session key, `WireError` if it is no
        PROOF or comes before HELLO.
        """
        if not self._station_nonce or len(proof) != 1 + kdf.HASH_SIZE or proof[0] != PROOF:
            raise WireError("not the PROOF that was due")
        expected = _proof(self._key, b"kitdock station 1", self._station_nonce, self._nonce)
        if not ccm.equal(proof[1:], expected):
            raise AuthenticationError("the station does not hold this tag's session key")
        to_tag, from_tag = _frame_keys(self._key, self._station_nonce, self._nonce)
        return Channel(from_tag, to_tag, _FROM_TAG)


class StationHandshake:
    """The station's side of the authentication. `nonce` is 16 fresh random bytes."""

    def __init__(self, session_key: bytes, nonce: bytes) -> None:
        self._key = session_key
        self._nonce = nonce

    def hello(self) -> bytes:
        """The body of the HELLO that opens the session."""
        return bytes([HELLO, PROTOCOL_VERSION]) + self._nonce

    def channel(self, challenge: bytes) -> tuple[bytes, Channel]:
        """The PROOF to send and the channel to use, for the tag's answer `challenge`.

        Raises `Refused` if the tag refused, `AuthenticationError` if it does not hold the session
        key, `WireError` if the answer is neither.
        """
        if len(challenge) == 2 and challenge[0] == REFUSED:
            raise Refused(challenge[1])
        if len(challenge) != 2 + NONCE_SIZE + kdf.HASH_SIZE or challenge[0] != CHALLENGE:
            raise WireError("not a CHALLENGE")
        if challenge[1] != PROTOCOL_VERSION:
            raise WireError("tag speaks protocol version %d, this station %d" % (challenge[1], PROTOCOL_VERSION))
        tag_nonce = challenge[2 : 2 + NONCE_SIZE]
        expected = _proof(self._key, b"kitdock tag 1", tag_nonce, self._nonce)
        if not ccm.equal(challenge[2 + NONCE_SIZE :], expected):
            raise AuthenticationError("the tag does not hold the session key of its enrolment")
        proof = bytes([PROOF]) + _proof(self._key, b"kitdock station 1", self._nonce, tag_nonce)
        to_tag, from_tag = _frame_keys(self._key, self._nonce, tag_nonce)
        return proof, Channel(to_tag, from_tag, _TO_TAG)


def frame(body: bytes) -> bytes:
    """`body` as it goes into the byte stream: its length in 2 bytes, then itself."""
    if not 0 < len(body) <= MAX_BODY:
        raise WireError("frame body is %d bytes, not 1 to %d" % (len(body), MAX_BODY))
    return struct.pack("<H", len(body)) + body


class FrameBuffer:
    """Bodies of frames out of a byte stream that arrives in pieces of any size."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, piece: bytes) -> "list[bytes]":
        """The bodies that `piece` completes, in order.

        Raises `WireError` at a length of zero or above `MAX_BODY`: the stream cannot be followed
        after it.
        """
        self._pending += piece
        bodies = []
        while len(self._pending) >= 2:
            size = self._pending[0] | self._pending[1] << 8
            if not 0 < size <= MAX_BODY:
                raise WireError("frame of %d bytes announced, not 1 to %d" % (size, MAX_BODY))
            if len(self._pending) < 2 + size:
                break
            bodies.append(self._pending[2 : 2 + size])
            self._pending = self._pending[2 + size :]
        return bodies


def pack_status(status: Status) -> bytes:
    """The reply to STATUS."""
    return bytes([REPLY | STATUS]) + struct.pack(STATUS_FORMAT, *status)


def pack_read(first: int, most: int) -> bytes:
    """The request for at most `most` records from sequence `first` on."""
    return struct.pack("<BIH", READ, first, most)


def pack_records(records: "list[bytes]") -> bytes:
    """One RECORDS message with up to `RECORDS_PER_FRAME` records."""
    return bytes([RECORDS]) + b"".join(records)


def pack_gap(first: int, previous_tag: bytes) -> bytes:
    """Says that records before `first` are gone, and the tag that the record at `first` is chained to."""
    return struct.pack("<BI", GAP, first) + previous_tag


def pack_acknowledge(up_to: int) -> bytes:
    """The request to mark every record up to and including `up_to` as committed."""
    return struct.pack("<BI", ACKNOWLEDGE, up_to)


def pack_set_time(utc_ms: int) -> bytes:
    """The request to set the clock to `utc_ms` Unix milliseconds."""
    return struct.pack("<BIH", SET_TIME, utc_ms // 1000, utc_ms % 1000)


def pack_get_config(item: int) -> bytes:
    """The request for the value of the configuration's `item`."""
    return struct.pack("<BB", GET_CONFIG, item)


def pack_set_config(item: int, value: int) -> bytes:
    """The request to keep `value` for the configuration's `item`."""
    return struct.pack("<BBI", SET_CONFIG, item, value)


def pack_identify(seconds: int) -> bytes:
    """The request to show which tag this is for `seconds`."""
    return struct.pack("<BB", IDENTIFY, seconds)


def pack_error(operation: int, code: int) -> bytes:
    """The reply that says why `operation` was not done."""
    return bytes([ERROR, operation, code])


_REQUEST_FORMATS = {
    STATUS: "<",
    READ: "<IH",
    ACKNOWLEDGE: "<I",
    SET_TIME: "<IH",
    GET_CONFIG: "<B",
    SET_CONFIG: "<BI",
    IDENTIFY: "<B",
}

_REPLY_FORMATS = {
    REPLY | STATUS: STATUS_FORMAT,
    REPLY | READ: "<I",
    REPLY | ACKNOWLEDGE: "<I",
    REPLY | SET_TIME: "<i",
    REPLY | GET_CONFIG: "<BI",
    REPLY | SET_CONFIG: "<BI",
    REPLY | IDENTIFY: "<",
    ERROR: "<BB",
}


def _parse(formats: "dict[int, str]", message: bytes) -> tuple[int, tuple[int, ...]]:
    operation = message[0]
    if len(message) - 1 != struct.calcsize(formats[operation]):
        raise WireError("message %02x has %d bytes" % (operation, len(message)))
    return operation, struct.unpack(formats[operation], message[1:])


def parse_request(message: bytes) -> tuple[int, tuple[int, ...]]:
    """The operation and its integers. Raises `WireError` if the form is wrong; an operation that this
    version does not know comes back with no integers."""
    if not message:
        raise WireError("empty message")
    if message[0] not in _REQUEST_FORMATS:
        return message[0], ()
    return _parse(_REQUEST_FORMATS, message)


def parse_reply(message: bytes) -> tuple[int, tuple[int, ...]]:
    """The operation (with `REPLY`) and its integers. Raises `WireError` for anything else; RECORDS is
    for `records_of`."""
    if not message or message[0] not in _REPLY_FORMATS:
        raise WireError("not a reply")
    return _parse(_REPLY_FORMATS, message)


def gap_of(message: bytes) -> tuple[int, bytes]:
    """First sequence still held and the tag before it, out of a GAP message. Raises `WireError`."""
    if len(message) != 5 + record.TAG_SIZE or message[0] != GAP:
        raise WireError("not a GAP")
    return int(struct.unpack_from("<I", message, 1)[0]), message[5:]


def records_of(message: bytes) -> "list[bytes]":
    """The records in a RECORDS message. Raises `WireError` if they are not 1 to 13 whole ones."""
    size = len(message) - 1
    if message[:1] != bytes([RECORDS]) or size % record.SIZE or not 0 < size <= RECORDS_PER_FRAME * record.SIZE:
        raise WireError("not whole records")
    return [message[at : at + record.SIZE] for at in range(1, len(message), record.SIZE)]
