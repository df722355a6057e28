"""CSV files of kits and officers: encodings, columns, dates, doubles; each bad line is named with its number."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import DatesUnclear, InputError
from host.phrase import Phrase
from host.receiving import table
from host.receiving.table import KitLine, KitLines
from tests.refusals import refused

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
    assert [(line.line, line.wrong.code) for line in found.bad] == [(4, "line.other_encoding")]


def test_a_byte_that_windows_1252_lacks_is_bad() -> None:
    found = kits(b"kit,lot,product\nK1,A1,Spr\xfch\nK2,A1,\x81\n")
    assert [kit.kit for kit in found.good] == ["K1"]
    assert [line.line for line in found.bad] == [3]


BAD_LINES: dict[str, tuple[str, dict[str, object]]] = {
    "K1,A1,N,2027-02-30,,": ("printed.no_day", {}),
    "K1,A1,N,46538,,": ("printed.excel_day", {}),
    "K1,A1,,2027-05,9.506E+12,": ("gtin.rounded", {"text": "9.506E+12"}),
    "K1,1.23E+05,N,2027-05,,": ("line.rounded", {"column": "lot", "text": "1.23E+05"}),
    "K1,A1,,2027-05,9506000134353,": ("gtin.check_digit", {"found": "3", "due": 2}),
    "K1,A1,,2027-05,,": ("line.no_product", {}),
    ",A1,N,2027-05,,": ("line.empty_cells", {"columns": ("kit",)}),
    ",,N,2027-05,,": ("line.empty_cells", {"columns": ("kit", "lot")}),
    "K1": ("line.empty_cells", {"columns": ("lot",)}),
    "K 1,A1,N,2027-05,,": ("named.no_number", {"text": "'K 1'", "what": Phrase("named.kit_number")}),
    "K1,A1,N,2027-05,,0": ("line.no_doses", {"text": "'0'", "most": 99}),
    "K1,A1,N,2027-05,,two": ("line.no_doses", {"text": "'two'"}),
    "K1,A1,N,2027-05,,100": ("line.no_doses", {"text": "'100'"}),
    "K1,A1,N,2027-05,,2,more": ("line.too_many_cells", {"cells": 7, "columns": 6}),
    'K1,"A1,N,2027-05,,': ("line.quotation_mark", {}),
    f"K1,A1,{'N' * 61},2027-05,,": ("named.no_line", {"what": Phrase("named.product"), "most": 60}),
    "K1,A1,N,2027-05,,\x07": ("named.no_line", {"text": "\x07", "what": "doses"}),
}


@pytest.mark.parametrize(("line", "wrong"), BAD_LINES.items())
def test_a_bad_line_leaves_the_others_alone(line: str, wrong: tuple[str, dict[str, object]]) -> None:
    found = kits(f"kit,lot,product,expires,gtin,doses\nK0,A1,N,2027-05-31,,\n{line}\n\nK9,A1,N,2027-05-31,,2\n")
    assert [(kit.line, kit.kit) for kit in found.good] == [(2, "K0"), (5, "K9")]
    ((number, told),) = found.bad
    assert number == 3
    assert (told.code, {name: told.fields[name] for name in wrong[1]}) == wrong
    assert str(told).isprintable()


def test_a_style_that_is_named_reads_the_dates_of_the_whole_file() -> None:
    text = "kit,lot,product,expires\nK1,A1,N,03/04/2027\nK2,A2,N,2027-05-31\nK3,A3,N,05/31/2027\n"
    found = kits(text, style="dmy")
    assert [kit.expires_on for kit in found.good] == [date(2027, 4, 3), date(2027, 5, 31)]
    assert [line.line for line in found.bad] == [4]


@pytest.mark.parametrize(
    ("dates", "read"),
    [
        (("31/05/2027", "03/04/2027"), [date(2027, 5, 31), date(2027, 4, 3)]),
        (("05/31/2027", "03/04/2027"), [date(2027, 5, 31), date(2027, 3, 4)]),
        (("04/04/2027", "2027-05"), [date(2027, 4, 4), date(2027, 5, 31)]),
    ],
)
def test_a_file_whose_dates_fit_one_order_alone_is_read_in_it(dates: tuple[str, str], read: list[date]) -> None:
    found = kits(f"kit,lot,product,expires\nK1,A1,N,{dates[0]}\nK2,A2,N,{dates[1]}\n")
    assert [kit.expires_on for kit in found.good] == read


def test_a_file_whose_dates_fit_both_orders_is_asked_about_once() -> None:
    lines = "".join(f"K{each},A{each},N,0{each}/04/2027\n" for each in range(1, 9))
    one, other = date(2027, 4, 1), date(2027, 1, 4)
    with refused("file.dates_unclear", DatesUnclear, dates=8, such="01/04/2027", one=one, other=other):
        kits(f"kit,lot,product,expires\n{lines}")


def test_a_file_whose_dates_fit_no_order_is_refused_once() -> None:
    with refused("file.dates_mixed", DatesUnclear, dates=2, such="31/05/2027"):
        kits("kit,lot,product,expires\nK1,A1,N,31/05/2027\nK2,A2,N,05/31/2027\n")


def test_doubles_are_bad_each_time_with_the_other_lines() -> None:
    found = kits(
        "kit,lot,product,gtin,serial\n"
        f"K1,A,N,,\nk1,A,N,,\nK2,A,,{GTIN},S1\nK3,A,,{GTIN[1:]},S1\nK4,A,N,,S1\nK1,,N,,\nK5,A,,{GTIN},S2\n"
    )
    assert [kit.kit for kit in found.good] == ["K4", "K5"]
    *twice, other = found.bad
    assert twice == [
        (2, Phrase("line.twice", what=Phrase("line.kit", kit="K1"), lines=(3,))),
        (3, Phrase("line.twice", what=Phrase("line.kit", kit="k1"), lines=(2,))),
        (4, Phrase("line.twice", what=Phrase("line.serial", serial="S1", gtin=GTIN), lines=(5,))),
        (5, Phrase("line.twice", what=Phrase("line.serial", serial="S1", gtin=GTIN[1:]), lines=(4,))),
    ]
    assert (other.line, other.wrong.code) == (7, "line.empty_cells")


def test_three_of_a_kit_name_all_lines() -> None:
    found = kits("kit,lot,product\nK1,A,N\nK1,A,N\nK1,A,N\n")
    what = Phrase("line.kit", kit="K1")
    assert [line.wrong for line in found.bad] == [
        Phrase("line.twice", what=what, lines=others) for others in ((3, 4), (2, 4), (2, 3))
    ]


def test_an_expiry_that_has_passed_is_a_doubt() -> None:
    (doubt,) = only(kits("kit,lot,product,expires\nK1,A,N,2026-05-31")).doubts
    assert doubt == Phrase("doubt.expiry_passed", expires_on=date(2026, 5, 31))


COLUMNS = Phrase("file.columns", required=table.REQUIRED, optional=table.OPTIONAL)


@pytest.mark.parametrize(
    ("data", "code", "fields"),
    [
        (b"", "file.empty", {"columns": ("kit", "lot")}),
        (b"\r\n \r\n", "file.empty", {}),
        (b"sep=,\n", "file.empty", {}),
        (b"kit\0lot", "file.no_text", {}),
        (b"PK\x03\x04rest", "file.workbook", {}),
        (b"\xff\xfek\0i", "file.cut", {}),
        (b"\xff\xfe\x00\xd8k", "file.cut", {}),
        (b"K1,A1,N\n", "file.no_columns", {"columns": COLUMNS}),
        (b"kit,lot,product,colour,size\n", "file.strange_columns", {"strange": ("'colour'", "'size'")}),
        (b"kit,product\n", "file.missing_columns", {"missing": ("lot",)}),
        (b"kit,lot,lot,product\n", "file.column_twice", {"columns": ("lot",)}),
        (b'\n"kit,lot', "line.quotation_mark", {}),
    ],
)
def test_a_file_that_is_none_is_refused(data: bytes, code: str, fields: dict[str, object]) -> None:
    with pytest.raises(InputError) as found:
        kits(data)
    assert str(found.value).isprintable()
    why = found.value.fields["wrong"] if found.value.code == "file.line" else found.value
    assert (why.code, {name: why.fields[name] for name in fields}) == (code, fields)


def test_officers_are_read_by_the_same_rules() -> None:
    found = table.rows(b"Officer;Trained\n4101;2026-01-05\n;2026-01-05\n4102\n", ["officer"], ["trained", "unit"])
    assert [(row.line, dict(row.cells)) for row in found.good] == [
        (2, {"officer": "4101", "trained": "2026-01-05"}),
        (4, {"officer": "4102", "trained": ""}),
    ]
    (bad,) = found.bad
    assert (bad.line, bad.wrong.code, bad.wrong.fields) == (3, "line.empty_cells", {"columns": ("officer",)})


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
    except InputError as why:
        assert str(why).isprintable()
    else:
        assert all(str(line.wrong).isprintable() for line in found.bad)
