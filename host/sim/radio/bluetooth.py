"""`bluetooth` for an interpreter without it: the peripheral's side, on a bumble host in the virtual station.

Not here, because a tag has no use for it: scanning, the central role, pairing, L2CAP channels, and the
read request interrupt (a read is answered with the stored value).
"""

# ruff: noqa: UP031
# mypy: ignore-errors

import binascii

from _virtual import call, handlers, report_heap

FLAG_READ = 0x02
FLAG_WRITE_NO_RESPONSE = 0x04
FLAG_WRITE = 0x08
FLAG_NOTIFY = 0x10
FLAG_INDICATE = 0x20

_IRQ_CENTRAL_CONNECT = 1
_IRQ_CENTRAL_DISCONNECT = 2
_IRQ_GATTS_WRITE = 3


def _hex(data):
    return binascii.hexlify(data).decode()


class UUID:
    """A 16-bit number, or 128 bits as text."""

    def __init__(self, value):
        if isinstance(value, int):
            self._text = "%04x" % value
        elif isinstance(value, str) and len(value) == 36:
            self._text = value.lower()
        else:
            raise ValueError("invalid UUID")

    def __repr__(self):
        return "UUID(%r)" % self._text

    def __eq__(self, other):
        return isinstance(other, UUID) and self._text == other._text

    def __hash__(self):
        return hash(self._text)


class BLE:
    """The one Bluetooth controller."""

    _only = None

    def __new__(cls):
        if BLE._only is None:
            BLE._only = object.__new__(cls)
        return BLE._only

    def active(self, active=None):
        return call("ble_active", None if active is None else bool(active))

    def config(self, parameter=None, **settings):
        if parameter is None:
            for name, value in settings.items():
                call("ble_set", name, value)
            return None
        value = call("ble_get", parameter)
        if parameter == "mac":
            return value[0], binascii.unhexlify(value[1])
        return value

    def irq(self, handler):
        def unpacked(arguments):
            event, data = arguments
            if event == _IRQ_GATTS_WRITE:
                call("ble_written", data[1], data.pop())
            if event in (_IRQ_CENTRAL_CONNECT, _IRQ_CENTRAL_DISCONNECT):
                data[2] = memoryview(binascii.unhexlify(data[2]))
            handler(event, tuple(data))
            if event == _IRQ_CENTRAL_DISCONNECT:
                report_heap("session")

        handlers[("ble",)] = handler and unpacked
        call("ble_irq", handler is not None)

    def gap_advertise(self, interval_us, adv_data=None, *, resp_data=None, connectable=True):
        call(
            "ble_advertise",
            interval_us,
            None if adv_data is None else _hex(adv_data),
            None if resp_data is None else _hex(resp_data),
            bool(connectable),
        )

    def gap_disconnect(self, conn_handle):
        return call("ble_disconnect", conn_handle)

    def gatts_register_services(self, services):
        described = []
        for service in services:
            characteristics = []
            for characteristic in service[1]:
                if len(characteristic) > 2 and characteristic[2]:
                    raise ValueError("the virtual radio takes no descriptors of characteristics")
                characteristics.append((characteristic[0]._text, characteristic[1]))
            described.append((service[0]._text, characteristics))
        return tuple([tuple(handles) for handles in call("ble_services", described)])

    def gatts_read(self, value_handle):
        return binascii.unhexlify(call("ble_read", value_handle))

    def gatts_write(self, value_handle, data, send_update=False):
        call("ble_write", value_handle, _hex(data), bool(send_update))

    def gatts_notify(self, conn_handle, value_handle, data=None):
        call("ble_notify", conn_handle, value_handle, None if data is None else _hex(data))

    def gatts_set_buffer(self, value_handle, len, append=False):
        call("ble_buffer", value_handle, len, bool(append))
