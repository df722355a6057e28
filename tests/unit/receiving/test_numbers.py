"""The numbers that kits are given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import InputError
from host.phrase import Phrase
from host.receiving import naming, numbers
from tests.refusals import refused

prefixes = st.from_regex(r"\A[A-Za-z][A-Za-z0-9./-]{0,10}[A-Za-z./-]\Z")
counts = st.integers(1, 9_999_999)


def test_numbers_have_four_digits_and_then_more() -> None:
    assert [numbers.number("K-", count) for count in (1, 42, 9999, 10_000)] == ["K-0001", "K-0042", "K-9999", "K-10000"]


@given(prefixes, st.sets(counts, max_size=20))
def test_the_next_number_is_free_and_can_be_typed(prefix: str, taken: set[int]) -> None:
    given_before = {numbers.number(prefix, count) for count in taken}
    highest = numbers.highest(prefix, given_before)
    assert highest == max(taken, default=0)
    assert numbers.number(prefix, highest + 1) not in given_before
    assert naming.number("kit number", numbers.number(numbers.prefix(prefix), highest + 1))


def test_numbers_made_up_elsewhere_are_not_counted_on_from() -> None:
    assert (
        numbers.highest("K-", ["K-0003", "K-7", "K-00004", "K-20261122001", "KX-0009", "K-0005a", "0008", "K-٠٠٠٩"])
        == 3
    )


@pytest.mark.parametrize("text", ["", "K1", "K-26", "-K", "K K-", "K:", "K" * 21])
def test_a_prefix_that_would_confuse_is_refused(text: str) -> None:
    with refused("typed.no_prefix", InputError, text=text):
        numbers.prefix(text)


def span(first: str, last: str) -> Phrase:
    return Phrase("numbers.from_to", first=first, last=last)


@pytest.mark.parametrize(
    ("kits", "told"),
    [
        ([], ()),
        (["K-0001"], ("K-0001",)),
        (["K-0001", "K-0002"], ("K-0001", "K-0002")),
        (["K-0001", "K-0002", "K-0003"], (span("K-0001", "K-0003"),)),
        (["K-0001", "K-0003", "K-0004", "K-0005", "B1"], ("K-0001", span("K-0003", "K-0005"), "B1")),
        (["K-9998", "K-9999", "K-10000"], (span("K-9998", "K-10000"),)),
        (["K-0002", "K-0001"], ("K-0002", "K-0001")),
        (["K-0001", "V-0002", "V-0003"], ("K-0001", "V-0002", "V-0003")),
    ],
)
def test_numbers_are_told_in_few_words(kits: list[str], told: tuple[str | Phrase, ...]) -> None:
    assert numbers.spans(kits) == Phrase("numbers.all", numbers=told)
