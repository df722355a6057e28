"""What can go wrong between the station and a tag."""

from host.errors import LinkError


class RadioError(LinkError):
    """The station's own Bluetooth adapter is missing, off or refused."""


class LinkLost(LinkError):
    """The connection to a tag could not be made, or went in the middle."""


class TagStalled(LinkError):
    """The tag stayed connected but stopped answering."""


class TagDrags(LinkError):
    """The tag answers, but takes longer than one device may hold a dock."""


class TagMisbehaves(LinkError):
    """What the device sends is more than was asked for, contradicts itself, or cannot be."""


class TagRefused(LinkError):
    """The tag answered a request with an error code."""


class WrongKey(LinkError):
    """The device does not hold the key that its tag was enrolled with."""


class PortError(LinkError):
    """The USB port cannot be opened, or what answers there is no tag."""


class NoAnswer(PortError):
    """Nothing on the port answers as MicroPython does."""


class NoPort(PortError):
    """There is no such serial port, or not at this moment."""
