"""The wire against its vectors, the RFCs' own, `cryptography`, and an independent BTHome decoder."""

import json
import os
import runpy
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from hypothesis import given
from hypothesis import strategies as st

from kitwire import advert, ccm, config, faults, kdf, keys, record, session
from kitwire.errors import AuthenticationError, WireError

VECTORS = Path(__file__).parent.parent / "vectors"


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


WIRE = load("wire.json")
TAG_ID = bytes.fromhex(WIRE["tag_id"])
ADVERT_KEY, SESSION_KEY, LOG_KEY = (bytes.fromhex(WIRE[name]) for name in ("advert_key", "session_key", "log_key"))
SEALED = [bytes.fromhex(row["record"]) for row in WIRE["records"]]


def test_wire_vectors_are_what_the_independent_generator_makes() -> None:
    made = runpy.run_path(str(VECTORS / "make_vectors.py"))["vectors"]()
    assert made == WIRE


@pytest.mark.parametrize("case", load("rfc3610.json")["cases"], ids=lambda case: f"packet{case['packet']}")
def test_ccm_rfc3610(case: dict[str, Any]) -> None:
    key, nonce, aad, message, sealed = (
        bytes.fromhex(case[name]) for name in ("key", "nonce", "aad", "message", "sealed")
    )
    assert ccm.seal(key, nonce, message, aad, case["tag_size"]) == sealed
    assert ccm.open(key, nonce, sealed, aad, case["tag_size"]) == message


@pytest.mark.parametrize("case", load("rfc4231.json")["cases"])
def test_hmac_rfc4231(case: dict[str, str]) -> None:
    assert kdf.hmac_sha256(bytes.fromhex(case["key"]), bytes.fromhex(case["data"])).hex() == case["hmac"]


@pytest.mark.parametrize("case", load("rfc5869.json")["cases"])
def test_hkdf_rfc5869(case: dict[str, str]) -> None:
    prk = kdf.hkdf_extract(bytes.fromhex(case["salt"]), bytes.fromhex(case["ikm"]))
    assert prk.hex() == case["prk"]
    okm = bytes.fromhex(case["okm"])
    assert kdf.hkdf_expand(prk, bytes.fromhex(case["info"]), len(okm)) == okm


def test_hkdf_refuses_more_than_the_rfc_allows() -> None:
    with pytest.raises(WireError, match="8160"):
        kdf.hkdf_expand(bytes(32), b"", 255 * 32 + 1)


@given(
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=13, max_size=13),
    st.binary(max_size=600),
    st.binary(max_size=60),
    st.sampled_from([4, 6, 8, 10, 12, 14, 16]),
)
def test_ccm_is_that_of_cryptography(key: bytes, nonce: bytes, message: bytes, aad: bytes, tag_size: int) -> None:
    sealed = ccm.seal(key, nonce, message, aad, tag_size)
    assert sealed == AESCCM(key, tag_length=tag_size).encrypt(nonce, message, aad)
    assert ccm.open(key, nonce, sealed, aad, tag_size) == message


@given(st.binary(min_size=1, max_size=40), st.data())
def test_ccm_notices_any_altered_bit(message: bytes, data: st.DataObject) -> None:
    sealed = bytearray(ccm.seal(bytes(16), bytes(13), message, b"aad", 8))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(AuthenticationError):
        ccm.open(bytes(16), bytes(13), bytes(sealed), b"aad", 8)


@pytest.mark.parametrize(
    ("key", "nonce", "message", "tag_size", "complaint"),
    [
        (bytes(15), bytes(13), b"", 8, "key is 15"),
        (bytes(16), bytes(12), b"", 8, "nonce is 12"),
        (bytes(16), bytes(13), b"", 5, "tag size 5"),
        (bytes(16), bytes(13), bytes(65536), 8, "too long"),
    ],
)
def test_ccm_refuses_wrong_sizes(key: bytes, nonce: bytes, message: bytes, tag_size: int, complaint: str) -> None:
    with pytest.raises(WireError, match=complaint):
        ccm.seal(key, nonce, message, b"", tag_size)


def test_check_values_and_ratchet_follow_the_vectors() -> None:
    for name, key in (("advert", ADVERT_KEY), ("session", SESSION_KEY), ("log", LOG_KEY)):
        assert keys.check_value(key).hex() == WIRE["check_values"][name]
    for before, after in pairwise(WIRE["records"]):
        assert keys.ratchet(bytes.fromhex(before["log_key"])).hex() == after["log_key"]


def test_records_follow_the_vectors() -> None:
    previous = record.GENESIS_TAG
    for row, sealed in zip(WIRE["records"], SEALED, strict=True):
        plain = record.Plain(*struct.unpack(record.PLAIN_FORMAT, bytes.fromhex(row["plain"])))
        log_key = bytes.fromhex(row["log_key"])
        assert record.TYPE_NAMES[plain.type] == row["name"]
        assert record.seal(TAG_ID, log_key, row["sequence"], previous, plain) == sealed
        assert record.open(TAG_ID, log_key, row["sequence"], previous, sealed) == plain
        previous = record.tag_of(sealed)


@pytest.mark.parametrize("row", WIRE["temperatures"], ids=str)
def test_a_record_tells_the_temperatures_of_the_vectors(row: list[int]) -> None:
    assert record.temperatures_of(*row[:2]) == (tuple(row[2:]) or None)


@pytest.mark.parametrize("kind", [record.DOSE_MARK, record.BOOT, record.DOCK, record.CONFIG, record.FAULT])
def test_other_records_tell_none(kind: int) -> None:
    assert all(record.temperatures_of(kind, aux) is None for aux in (0, 121, 0x7979))


@given(st.sampled_from([record.TEMPERATURE, *record.TELL_TEMPERATURE]), st.integers(0, 0xFFFF))
def test_whatever_a_tag_claims_is_within_what_can_be_or_no_temperature(kind: int, aux: int) -> None:
    try:
        told = record.temperatures_of(kind, aux)
    except WireError:
        return
    assert told is None or record.COLDEST_C <= told[0] <= told[1] <= record.WARMEST_C
    again = told and sum(record.coded_celsius(celsius) << 8 * at for at, celsius in enumerate(told))
    assert aux == (again if kind == record.TEMPERATURE else (again or 0) & 0xFF)


def test_a_record_opens_only_at_its_own_place() -> None:
    log_key, previous = bytes.fromhex(WIRE["records"][1]["log_key"]), record.tag_of(SEALED[0])
    assert record.open(TAG_ID, log_key, 2, previous, SEALED[1]).type == record.DOCK
    with pytest.raises(AuthenticationError):
        record.open(TAG_ID, keys.ratchet(log_key), 2, previous, SEALED[1])
    with pytest.raises(AuthenticationError):
        record.open(TAG_ID, log_key, 2, record.GENESIS_TAG, SEALED[1])
    with pytest.raises(AuthenticationError):
        record.open(bytes(8), log_key, 2, previous, SEALED[1])
    with pytest.raises(WireError, match="claims sequence 2 where 3"):
        record.open(TAG_ID, log_key, 3, previous, SEALED[1])
    with pytest.raises(WireError, match="35 bytes"):
        record.open(TAG_ID, log_key, 2, previous, SEALED[1][:-1])


def test_adverts_follow_the_vectors() -> None:
    for row in WIRE["adverts"]:
        epoch = advert.epoch(ADVERT_KEY, row["epoch"])
        assert (epoch.key.hex(), epoch.address.hex(), epoch.hint.hex()) == (row["key"], row["address"], row["hint"])
        said = advert.Advert(*(row[name] for name in advert.Advert._fields))
        data = advert.build(epoch, said)
        assert data.hex() == row["advertising_data"]
        assert len(data) <= 31
        assert advert.hint_of(data[7:]) == epoch.hint
        assert advert.open(epoch, data[7:]) == said


def _read_by_a_stranger(data: bytes, address: str, key: bytes | None) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """What PyPI's `bthome-ble` makes of advertising data: values, binary states, the decoder."""
    from bleak.backends.device import BLEDevice
    from bthome_ble import BTHomeBluetoothDeviceData
    from habluetooth import BluetoothServiceInfoBleak

    info = BluetoothServiceInfoBleak(
        name="",
        address=address,
        rssi=-60,
        manufacturer_data={},
        service_data={advert.SERVICE_UUID: data[7:]},
        service_uuids=[],
        source="",
        device=BLEDevice(address, None, None),
        advertisement=None,
        connectable=True,
        time=0.0,
        tx_power=None,
    )
    decoder = BTHomeBluetoothDeviceData(bindkey=key)
    update = decoder.update(info)
    values = {key.key: value.native_value for key, value in update.entity_values.items()}
    binary = {key.key: value.native_value for key, value in update.binary_entity_values.items()}
    return values, binary, decoder


def test_an_independent_bthome_decoder_reads_the_advert() -> None:
    row = WIRE["adverts"][1]
    epoch = advert.epoch(ADVERT_KEY, row["epoch"])
    data = bytes.fromhex(row["advertising_data"])
    values, binary, decoder = _read_by_a_stranger(data, epoch.address.hex(":").upper(), epoch.key)
    assert decoder.bindkey_verified
    assert values["battery"] == row["battery_percent"]
    assert values["count"] == row["count"]
    assert values["packet_id"] == row["index"]
    assert binary == {"opening": True, "battery": False, "problem": True, "tamper": False}


@pytest.mark.parametrize("form", ["in_clear", "encrypted"])
def test_an_independent_bthome_decoder_reads_profile_open(form: str) -> None:
    row = WIRE["open_adverts"]
    said = advert.Advert(*(row[name] for name in advert.Advert._fields))
    key = advert.bind_key(ADVERT_KEY) if form == "encrypted" else None
    address = bytes.fromhex(row["address"])
    data = advert.build_open(address, key, row["counter"], said)
    assert data.hex() == row[form]
    values, binary, decoder = _read_by_a_stranger(data, address.hex(":").upper(), key)
    assert decoder.bindkey_verified is (key is not None)
    assert (values["battery"], values["count"], values["packet_id"]) == (55, 40000, 4)
    assert binary == {"opening": True, "battery": True, "problem": False, "tamper": False}


def test_a_bind_key_opens_no_epoch() -> None:
    frame = advert.build(advert.epoch(ADVERT_KEY, 3), advert.Advert(0, 90, False, False, False, False, 12))
    _, binary, decoder = _read_by_a_stranger(frame, "D0:A1:B2:C3:D4:E5", advert.bind_key(ADVERT_KEY))
    assert (binary, decoder.bindkey_verified) == ({}, False)


def test_the_items_of_the_configuration_are_sound() -> None:
    assert [item.number for item in config.ITEMS] == list(range(1, len(config.ITEMS) + 1))
    assert all(0 < len(item.name) <= 15 for item in config.ITEMS), "NVS takes no longer name"
    assert all(0 <= item.least <= item.most <= 0xFFFFFFFF for item in config.ITEMS)
    assert all(config.accepts(item, item.default) for item in config.ITEMS)


@pytest.mark.parametrize(
    ("aux", "text"),
    [
        (faults.ADDRESS, "the radio kept its address, so the tag stayed silent"),
        (faults.CONFIG + 2, "configuration item 2 made no sense: default taken"),
        (faults.place("kitcore/ring", 120), "exception in kitcore/ring, line 120"),
        (faults.place("main", 5000), "exception in main, line 1023"),
        (faults.place("elsewhere", 1), "an exception in an unknown place"),
        (999, "fault 999"),
        (40, "fault 40"),
        (63 * 1024 + 7, "exception in module 63, line 7"),
    ],
)
def test_a_fault_says_where_it_was(aux: int, text: str) -> None:
    assert 0 <= aux <= 0xFFFF
    assert faults.describe(aux) == text


def test_every_module_of_a_tag_has_its_number() -> None:
    firmware = Path(__file__).parents[2] / "firmware"
    edges = {file.stem for file in firmware.glob("*.py")} - {"manifest"}
    packages = {f"{file.parent.name}/{file.stem}" for file in firmware.glob("lib/*/*.py")}
    silent = {"__init__", "errors"}  # nothing in them can fail
    assert {name for name in edges | packages if name.split("/")[-1] not in silent} <= set(faults.MODULES)
    assert len(faults.MODULES) <= 63


def test_two_epochs_share_nothing_that_names_the_tag() -> None:
    said = advert.Advert(0, 90, False, False, False, False, 12)
    frames = [advert.build(advert.epoch(ADVERT_KEY, number), said) for number in range(200)]
    head = frames[0][:8]
    hints = {bytes(frame[24:27]) for frame in frames}
    assert all(frame[:8] == head for frame in frames), "the head says BTHome and nothing else"
    assert len(hints) == 200
    # No byte position behind the head, save the index, stands still over the epochs.
    assert [at for at in range(8, 31) if len({frame[at] for frame in frames}) == 1] == [23]
    assert not any(ADVERT_KEY[at : at + 4] in frame for frame in frames for at in range(29))


@pytest.mark.parametrize("damage", [b"", bytes(19), bytes(20), b"\x45" + bytes(20)])
def test_what_is_no_tags_frame_is_refused(damage: bytes) -> None:
    assert advert.hint_of(damage) is None
    with pytest.raises(WireError):
        advert.open(advert.epoch(ADVERT_KEY, 1), damage)


def test_an_altered_advert_is_refused() -> None:
    epoch = advert.epoch(ADVERT_KEY, 7)
    data = bytearray(bytes.fromhex(WIRE["adverts"][1]["advertising_data"])[7:])
    data[3] ^= 1
    with pytest.raises(AuthenticationError):
        advert.open(epoch, bytes(data))


def handshake(
    tag_key: bytes = SESSION_KEY, station_key: bytes = SESSION_KEY
) -> tuple[session.Channel, session.Channel]:
    tag = session.TagHandshake(tag_key, bytes.fromhex(WIRE["session"]["tag_nonce"]))
    station = session.StationHandshake(station_key, bytes.fromhex(WIRE["session"]["station_nonce"]))
    proof, station_channel = station.channel(tag.challenge(station.hello()))
    return station_channel, tag.channel(proof)


def test_the_session_follows_the_vectors() -> None:
    row = WIRE["session"]
    tag = session.TagHandshake(SESSION_KEY, bytes.fromhex(row["tag_nonce"]))
    station = session.StationHandshake(SESSION_KEY, bytes.fromhex(row["station_nonce"]))
    assert station.hello().hex() == row["hello"]
    challenge = tag.challenge(station.hello())
    assert challenge.hex() == row["challenge"]
    proof, to_tag = station.channel(challenge)
    assert proof.hex() == row["proof"]
    at_tag = tag.channel(proof)
    for frame in row["to_tag"]:
        assert to_tag.seal(bytes.fromhex(frame["message"])).hex() == frame["body"]
        assert at_tag.open(bytes.fromhex(frame["body"])).hex() == frame["message"]
    for frame in row["from_tag"]:
        assert at_tag.seal(bytes.fromhex(frame["message"])).hex() == frame["body"]
        assert to_tag.open(bytes.fromhex(frame["body"])).hex() == frame["message"]


def test_a_tag_with_another_key_is_found_out_before_the_station_proves_itself() -> None:
    with pytest.raises(AuthenticationError, match="does not hold"):
        handshake(tag_key=os.urandom(32))


def test_a_station_with_another_key_is_found_out() -> None:
    tag = session.TagHandshake(SESSION_KEY, os.urandom(16))
    station = session.StationHandshake(SESSION_KEY, os.urandom(16))
    tag.challenge(station.hello())
    with pytest.raises(AuthenticationError):
        tag.channel(bytes([session.PROOF]) + os.urandom(32))


def test_a_tag_takes_one_hello_and_no_proof_before_it() -> None:
    tag = session.TagHandshake(SESSION_KEY, os.urandom(16))
    station = session.StationHandshake(SESSION_KEY, os.urandom(16))
    with pytest.raises(WireError):
        tag.channel(bytes([session.PROOF]) + bytes(32))
    tag.challenge(station.hello())
    with pytest.raises(WireError):
        tag.challenge(station.hello())


def test_another_version_is_refused_by_name() -> None:
    tag = session.TagHandshake(SESSION_KEY, os.urandom(16))
    with pytest.raises(session.Refused, match="unknown protocol version"):
        tag.challenge(bytes([session.HELLO, 2]) + bytes(16))


def test_a_replayed_lost_or_altered_frame_is_refused() -> None:
    station, tag = handshake()
    first, second = station.seal(b"\x01"), station.seal(b"\x01")
    with pytest.raises(WireError, match="frame 1 came where 0"):
        tag.open(second)
    assert tag.open(first) == b"\x01"
    with pytest.raises(WireError, match="frame 0 came where 1"):
        tag.open(first)
    altered = bytearray(second)
    altered[-1] ^= 1
    with pytest.raises(AuthenticationError):
        tag.open(bytes(altered))
    assert tag.open(second) == b"\x01"


def test_a_frame_cannot_be_reflected() -> None:
    station, _ = handshake()
    with pytest.raises(AuthenticationError):
        station.open(station.seal(b"\x01"))


@given(st.lists(st.binary(min_size=1, max_size=session.MAX_BODY), max_size=5), st.data())
def test_frames_survive_any_cutting_of_the_stream(bodies: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(session.frame(body) for body in bodies)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    buffer = session.FrameBuffer()
    out = []
    for start, end in pairwise([0, *cuts, len(stream)]):
        out.extend(buffer.feed(stream[start:end]))
    assert out == bodies


@pytest.mark.parametrize("size", [0, session.MAX_BODY + 1, 65535])
def test_an_impossible_frame_length_ends_the_stream(size: int) -> None:
    with pytest.raises(WireError, match=str(size)):
        session.FrameBuffer().feed(struct.pack("<H", size))
    with pytest.raises(WireError):
        session.frame(bytes(size))


def test_a_full_frame_of_records_fills_two_notifications() -> None:
    _, tag = handshake()
    message = session.pack_records([bytes(record.SIZE)] * session.RECORDS_PER_FRAME)
    assert len(session.frame(tag.seal(message))) <= 2 * 244
    assert session.records_of(message) == [bytes(36)] * 13


def test_malformed_messages_are_refused() -> None:
    for wrong in (b"", b"\x01x", b"\x02\x00"):
        with pytest.raises(WireError):
            session.parse_request(wrong)
    for wrong in (b"", b"\x01", b"\x82\x00", bytes([session.RECORDS])):
        with pytest.raises(WireError):
            session.parse_reply(wrong)
    for wrong in (
        b"",
        bytes([session.RECORDS]),
        bytes([session.RECORDS]) + bytes(35),
        bytes([session.GAP]) + bytes(36),
    ):
        with pytest.raises(WireError):
            session.records_of(wrong)
    with pytest.raises(WireError):
        session.gap_of(bytes([session.GAP]) + bytes(19))


def test_requests_and_replies_keep_their_values() -> None:
    assert session.parse_request(session.pack_read(70000, 512)) == (session.READ, (70000, 512))
    assert session.parse_request(session.pack_acknowledge(9)) == (session.ACKNOWLEDGE, (9,))
    assert session.parse_request(session.pack_set_time(1767225600123)) == (session.SET_TIME, (1767225600, 123))
    assert session.parse_request(b"\x55anything") == (0x55, ())
    assert session.gap_of(session.pack_gap(7, bytes(range(16)))) == (7, bytes(range(16)))
    status = session.Status(1, 0, 1, 2, 4000, 90, 0, 3, 86400, 250, 0, 1, 20, 12, 5)
    operation, values = session.parse_reply(session.pack_status(status))
    assert (operation, session.Status(*values)) == (session.REPLY | session.STATUS, status)
    assert session.parse_reply(session.pack_error(4, session.ERROR_RANGE)) == (session.ERROR, (4, session.ERROR_RANGE))
