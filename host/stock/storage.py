"""Between what a product is to be stored, by its label."""

from typing import NamedTuple

from host.phrase import Phrase


class Limits(NamedTuple):
    """Between what a product is to be stored by its label, in whole °C; None where that says nothing."""

    least_c: int | None
    most_c: int | None

    def __str__(self) -> str:
        return str(self.said)

    @property
    def said(self) -> Phrase:
        """The limits for people."""
        if self.least_c is None:
            return Phrase("limits.at_most", most_c=self.most_c)
        if self.most_c is None:
            return Phrase("limits.at_least", least_c=self.least_c)
        return Phrase("limits.between", least_c=self.least_c, most_c=self.most_c)


def limits(least_c: int | None, most_c: int | None) -> Limits | None:
    """The limits that there are; None if there is none."""
    return None if least_c is None and most_c is None else Limits(least_c, most_c)
