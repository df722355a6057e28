"""What can be wrong with bytes from the wire."""


class WireError(ValueError):
    """Bytes that do not have the form the protocol gives them."""


class AuthenticationError(WireError):
    """Bytes of the right form whose authentication code is not that of the expected key."""
