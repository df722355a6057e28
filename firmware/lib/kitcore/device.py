"""What a session can ask of a tag, whatever carries the session and whatever the tag is made of."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kitwire.session import Status

    from .ring import Ring


class RangeError(Exception):
    """A request asks for a value that the tag does not accept."""


class Device:
    """One tag, as its session server sees it."""

    log: "Ring"

    def status(self) -> "Status":
        """The tag's state at this moment."""
        raise NotImplementedError

    def acknowledge(self, up_to: int) -> int:
        """Mark records up to `up_to`, at most the last one, as committed; never goes backwards.

        Returns what is acknowledged now.
        """
        raise NotImplementedError

    def set_time(self, utc_ms: int) -> int:
        """Set the clock if it is unset or off by 2 s or more. Returns the seconds it was put forward."""
        raise NotImplementedError

    def get_config(self, item: int) -> int:
        """The value of `item`. Raises `RangeError` if there is no such item."""
        raise NotImplementedError

    def set_config(self, item: int, value: int) -> None:
        """Keep `value` for `item`. Raises `RangeError` if the tag takes no such item or value."""
        raise NotImplementedError

    def identify(self, seconds: int) -> None:
        """Show which tag this is for `seconds`, without waiting for the end."""
        raise NotImplementedError
