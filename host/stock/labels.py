"""What a kit's label says."""

from datetime import date
from typing import NamedTuple


class Label(NamedTuple):
    """What is on one label."""

    kit: str
    product: str
    lot: str
    expires_on: date
