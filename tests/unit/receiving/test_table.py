"""CSV files of kits and officers: encodings, columns, dates, doubles; each bad line is told with its number."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import InputError
from host.receiving import table
from host.receiving.table import BadLine, KitLine, KitLines

TODAY = date(2026, 6, 1)
GTIN = "09506000134352"


def kits(text: str | bytes, **options: str) -> KitLines:
    data = text if isinstance(text, bytes) else text.encode()
    return table.read_kits(data, TODAY, **options)  # type: ignore[arg-type]


def only(found: KitLines) -> KitLine:
    assert found.bad == []
    (kit,) = found.good
    return kit


def test_a_line_with_everything_is_a_kit() -> None:
    found = kits(f"kit,product,gtin,lot,expires,doses,serial,document\nK1,Nasal 2,{GTIN},A1,2027-05,2,S1,DN 7\n")
    assert only(found) == KitLine(2, "K1", "Nasal 2", GTIN, "A1", date(2027, 5, 31), 2, "S1", "DN 7", ())


def test_a_line_with_the_least_is_a_kit() -> None:
    assert only(kits("lot,kit,gtin\nA1,K1,9506000134352")) == KitLine(
        2, "K1", None, GTIN, "A1", None, None, None, None, ()
    )


@pytest.mark.parametrize(
    "data",
    [
        "kit,lot,product\nK1,A1,Sprühstoß".encode(),
        "kit,lot,product\nK1,A1,Sprühstoß".encode("utf-8-sig"),
        "kit,lot,product\nK1,A1,Sprühstoß".encode("utf-16"),
        "kit,lot,product\nK1,A1,Sprühstoß".encode("utf-16-be").join([b"\xfe\xff", b""]),
        "kit,lot,product\nK1,A1,Sprühstoß".encode("cp1252"),
        "kit;lot;product\r\nK1;A1;Sprühstoß\r\n;;\r\n\r\n".encode(),
        "kit\tlot\tproduct\rK1\tA1\tSprühstoß\r".encode(),
        "sep=;\nkit;lot;product\nK1;A1;Sprühstoß".encode(),
        ' Kit , LOT,"Product",,\n"K1", A1 ,Sprühstoß,,\n'.encode(),
        '\n\nkit,lot,product\n="K1",\'A1,Sprühstoß'.encode(),
    ],
)
def test_encodings_and_habits_of_spreadsheets_change_nothing(data: bytes) -> None:
    assert only(kits(data))[1:5] == ("K1", "Sprühstoß", None, "A1")


def test_lines_in_another_encoding_than_the_rest_are_bad() -> None:
    found = kits("kit,lot,product\nK1,A1,Spray\nK2,A1,Sprüh\n".encode() + "K3,A1,Sprüh\n".encode("cp1252"))
    assert [kit.kit for kit in found.good] == ["K1", "K2"]
    assert found.bad == [
        BadLine(4, "its letters are in another encoding than the rest of the file: save it all as CSV UTF-8")
    ]


def test_a_byte_that_windows_1252_lacks_is_bad() -> None:
    found = kits(b"kit,lot,product\nK1,A1,Spr\xfch\nK2,A1,\x81\n")
    assert [kit.kit for kit in found.good] == ["K1"]
    assert [line.line for line in found.bad] == [3]


BAD_LINES = {
    "K1,A1,N,31/05/2027,,": "does not tell day from month",
    "K1,A1,N,2027-02-30,,": "no day that exists",
    "K1,A1,N,46538,,": "as Excel counts it",
    "K1,A1,,2027-05,9.506E+12,": "rounded by a spreadsheet",
    "K1,1.23E+05,N,2027-05,,": "lot 1.23E+05 was rounded by a spreadsheet",
    "K1,A1,,2027-05,9506000134353,": "check digit 3 where 2 must be",
    "K1,A1,,2027-05,,": "neither a product nor a gtin",
    ",A1,N,2027-05,,": "it has no kit",
    ",,N,2027-05,,": "it has no kit, no lot",
    "K1": "it has no lot",
    "K 1,A1,N,2027-05,,": "'K 1' is no kit number",
    "K1,A1,N,2027-05,,0": "no number of doses",
    "K1,A1,N,2027-05,,two": "no number of doses",
    "K1,A1,N,2027-05,,100": "no number of doses",
    "K1,A1,N,2027-05,,2,more": "7 cells where 6 columns are named",
    'K1,"A1,N,2027-05,,': "quotation mark is not closed",
    f"K1,A1,{'N' * 61},2027-05,,": "is no product",
    "K1,A1,N,2027-05,,\x07": "is no doses",
}


@pytest.mark.parametrize(("line", "wrong"), BAD_LINES.items())
def test_a_bad_line_leaves_the_others_alone(line: str, wrong: str) -> None:
    found = kits(f"kit,lot,product,expires,gtin,doses\nK0,A1,N,2027-05-31,,\n{line}\n\nK9,A1,N,2027-05-31,,2\n")
    assert [(kit.line, kit.kit) for kit in found.good] == [(2, "K0"), (5, "K9")]
    ((number, told),) = found.bad
    assert number == 3
    assert wrong in told
    assert told.isprintable()


def test_a_style_that_is_named_reads_the_dates_of_the_whole_file() -> None:
    text = "kit,lot,product,expires\nK1,A1,N,03/04/2027\nK2,A2,N,2027-05-31\nK3,A3,N,05/31/2027\n"
    found = kits(text, style="dmy")
    assert [kit.expires_on for kit in found.good] == [date(2027, 4, 3), date(2027, 5, 31)]
    assert [line.line for line in found.bad] == [4]


def test_doubles_are_bad_each_time_with_the_other_lines() -> None:
    found = kits(
        "kit,lot,product,gtin,serial\n"
        f"K1,A,N,,\nk1,A,N,,\nK2,A,,{GTIN},S1\nK3,A,,{GTIN[1:]},S1\nK4,A,N,,S1\nK1,,N,,\nK5,A,,{GTIN},S2\n"
    )
    assert [kit.kit for kit in found.good] == ["K4", "K5"]
    assert [(line.line, line.wrong.split(":")[0]) for line in found.bad] == [
        (2, "kit K1 is on line 3 too"),
        (3, "kit k1 is on line 2 too"),
        (4, f"serial S1 of GTIN {GTIN} is on line 5 too"),
        (5, f"serial S1 of GTIN {GTIN[1:]} is on line 4 too"),
        (7, "it has no lot"),
    ]


def test_three_of_a_kit_name_all_lines() -> None:
    found = kits("kit,lot,product\nK1,A,N\nK1,A,N\nK1,A,N\n")
    assert [line.wrong for line in found.bad] == [
        f"kit K1 is on line {others} too: keep one" for others in ("3, 4", "2, 4", "2, 3")
    ]


def test_an_expiry_that_has_passed_is_a_doubt() -> None:
    (doubt,) = only(kits("kit,lot,product,expires\nK1,A,N,2026-05-31")).doubts
    assert "has passed" in doubt


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "the file is empty"),
        (b"\r\n \r\n", "the file is empty"),
        (b"sep=,\n", "the file is empty"),
        (b"K1,A1,N\n", "line 1: it does not name the columns: a file has kit, lot and may have product"),
        (b"kit,lot,product,colour,size\n", "no column is called 'colour', 'size'"),
        (b"kit,product\n", "no column lot"),
        (b"kit,lot,lot,product\n", "the column lot is there twice"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"kit\0lot", "no text"),
        (b"\xff\xfek\0i", "UTF-16"),
        (b"\xff\xfe\x00\xd8k", "UTF-16"),
        (b'\n"kit,lot', "line 2: a quotation mark"),
    ],
)
def test_a_file_that_is_none_is_refused(data: bytes, part: str) -> None:
    with pytest.raises(InputError, match=part) as refused:
        kits(data)
    assert str(refused.value).isprintable()


def test_officers_are_read_by_the_same_rules() -> None:
    found = table.rows(b"Officer;Trained\n4101;2026-01-05\n;2026-01-05\n4102\n", ["officer"], ["trained", "unit"])
    assert [(row.line, dict(row.cells)) for row in found.good] == [
        (2, {"officer": "4101", "trained": "2026-01-05"}),
        (4, {"officer": "4102", "trained": ""}),
    ]
    assert found.bad == [BadLine(3, "it has no officer")]


cells = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ['"', "K1", "A1", "2027-05", GTIN, "'", '="x"']
)
lines = st.lists(st.lists(cells, max_size=6).map(",".join).filter(lambda line: not set("\r\n") & set(line)), max_size=6)


@given(lines)
def test_every_line_is_good_or_bad_once(body: list[str]) -> None:
    found = kits("\n".join(["kit,lot,product,expires,gtin", *body]).replace("\0", ""))
    numbers = sorted([kit.line for kit in found.good] + [line.line for line in found.bad])
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) <= set(range(2, len(body) + 2))
    assert all(
        number in numbers for number, line in enumerate(body, 2) if any(char.isalnum() for char in line.split(",")[0])
    )


@given(st.binary(max_size=80), st.sampled_from([b"", b"kit,lot,product\n", b"\xff\xfe", b"\xef\xbb\xbf", b"sep="]))
def test_any_bytes_are_a_file_or_refused(data: bytes, start: bytes) -> None:
    try:
        found = kits(start + data)
    except InputError as refused:
        assert str(refused).isprintable()
    else:
        assert all(line.wrong.isprintable() for line in found.bad)
