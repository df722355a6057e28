"""kitwire against the RFCs' vectors and its own: checks each, and prints what it made of it."""

# ruff: noqa: UP031, PTH123  MicroPython has neither pathlib nor every f-string
import json
import struct
from binascii import hexlify, unhexlify

from kitwire import advert, ccm, kdf, keys, record, session
from kitwire.errors import AuthenticationError, WireError


def load(name):
    with open("vectors/" + name) as file:
        return json.load(file)


def check(name, made, expected):
    assert made == expected, name
    print(name, hexlify(made).decode())


for case in load("rfc3610.json")["cases"]:
    name = "ccm %d" % case["packet"]
    key, nonce, aad, message, sealed = [
        unhexlify(case[field]) for field in ("key", "nonce", "aad", "message", "sealed")
    ]
    check(name, ccm.seal(key, nonce, message, aad, case["tag_size"]), sealed)
    check(name + " opened", ccm.open(key, nonce, sealed, aad, case["tag_size"]), message)

for number, case in enumerate(load("rfc4231.json")["cases"]):
    check("hmac %d" % number, kdf.hmac_sha256(unhexlify(case["key"]), unhexlify(case["data"])), unhexlify(case["hmac"]))

for number, case in enumerate(load("rfc5869.json")["cases"]):
    secret = kdf.hkdf_extract(unhexlify(case["salt"]), unhexlify(case["ikm"]))
    check("hkdf %d extract" % number, secret, unhexlify(case["prk"]))
    output = unhexlify(case["okm"])
    check("hkdf %d expand" % number, kdf.hkdf_expand(secret, unhexlify(case["info"]), len(output)), output)

wire = load("wire.json")
tag_id, advert_key, session_key = [unhexlify(wire[name]) for name in ("tag_id", "advert_key", "session_key")]
for name in ("advert", "session", "log"):
    check(
        "check value " + name, keys.check_value(unhexlify(wire[name + "_key"])), unhexlify(wire["check_values"][name])
    )

for kind, aux, *told in wire["temperatures"]:
    assert record.temperatures_of(kind, aux) == (tuple(told) or None), aux
    print("temperature", kind, aux, told)
for kind, aux in ((13, 0), (13, 0x6060 + 1), (13, 0x3C3B), (13, 0xE23C), (2, 59), (9, 226), (3, 0x6060)):
    try:
        print(record.temperatures_of(kind, aux))
    except WireError as error:
        print(type(error).__name__, error)
print([record.coded_celsius(celsius) for celsius in (-300, -41, -40, -1, 0, 58, 125, 126, 9999)])

previous = record.GENESIS_TAG
log_key = unhexlify(wire["log_key"])
for row in wire["records"]:
    plain = record.Plain(*struct.unpack(record.PLAIN_FORMAT, unhexlify(row["plain"])))
    sealed = unhexlify(row["record"])
    check("record " + row["name"], record.seal(tag_id, log_key, row["sequence"], previous, plain), sealed)
    print(tuple(record.open(tag_id, log_key, row["sequence"], previous, sealed)))
    for at in (0, 4, 20, 35):
        altered = bytearray(sealed)
        altered[at] ^= 1
        try:
            record.open(tag_id, log_key, row["sequence"], previous, bytes(altered))
        except WireError as error:
            print(type(error).__name__, error)
        else:
            raise AssertionError("altered record opened")
    previous = record.tag_of(sealed)
    log_key = keys.ratchet(log_key)

ADVERT_FIELDS = ("index", "battery_percent", "lid_open", "battery_low", "problem", "tamper", "count")
for row in wire["adverts"]:
    epoch = advert.epoch(advert_key, row["epoch"])
    check("epoch %d key" % row["epoch"], epoch.key, unhexlify(row["key"]))
    said = advert.Advert(*[row[name] for name in ADVERT_FIELDS])
    data = advert.build(epoch, said)
    check("epoch %d advert" % row["epoch"], data, unhexlify(row["advertising_data"]))
    print(tuple(advert.open(epoch, data[7:])))

row = wire["open_adverts"]
said = advert.Advert(*[row[name] for name in ADVERT_FIELDS])
address, bind_key = unhexlify(row["address"]), advert.bind_key(advert_key)
check("bind key", bind_key, unhexlify(row["bind_key"]))
check("open advert in clear", advert.build_open(address, None, row["counter"], said), unhexlify(row["in_clear"]))
check("open advert", advert.build_open(address, bind_key, row["counter"], said), unhexlify(row["encrypted"]))

said = wire["session"]
station = session.StationHandshake(session_key, unhexlify(said["station_nonce"]))
tag = session.TagHandshake(session_key, unhexlify(said["tag_nonce"]))
check("hello", station.hello(), unhexlify(said["hello"]))
challenge = tag.challenge(station.hello())
check("challenge", challenge, unhexlify(said["challenge"]))
proof, to_tag = station.channel(challenge)
check("proof", proof, unhexlify(said["proof"]))
from_tag = tag.channel(proof)
for row in said["to_tag"]:
    body = to_tag.seal(unhexlify(row["message"]))
    check("to tag", body, unhexlify(row["body"]))
    print(session.parse_request(from_tag.open(body)))
for row in said["from_tag"]:
    body = from_tag.seal(unhexlify(row["message"]))
    check("from tag", body, unhexlify(row["body"]))
    check("from tag opened", to_tag.open(body), unhexlify(row["message"]))
try:
    to_tag.open(body)
except AuthenticationError:
    raise
except WireError as error:
    print(error)
