"""The Kitdock wire, version 1: what a tag and a station say to each other.

One copy of the protocol, imported as it stands by MicroPython on the tag and by CPython on the
station. `docs/wire.md` is the normative text, `tests/vectors/` its bytes.

    aes, ccm, kdf   AES-CCM (RFC 3610), HMAC-SHA256 (RFC 2104), HKDF (RFC 5869)
    keys            key sizes, check values, the forward ratchet of the log key
    record          one event of the log, 36 bytes
    advert          the rotating encrypted BTHome v2 advertisement
    config          what a station can set in a tag: items, ranges, defaults
    faults          what a fault record says
    session         mutual authentication, sealed frames, requests and replies

Everything in this package exists since protocol version 1.
"""

PROTOCOL_VERSION = 1
