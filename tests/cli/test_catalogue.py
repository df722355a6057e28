"""The catalogue of products at the command line."""

import pytest

from tests.cli.conftest import Station, day

GTIN = "09506000134352"
OTHER = "00614141000036"


def test_a_new_station_knows_no_product(station: Station) -> None:
    assert station.json("product", "list") == []
    assert "kitdock product add NAME --gtin GTIN" in station.run("product", "list").stdout


def test_a_product_is_added_with_its_numbers(station: Station) -> None:
    added = station.json(
        "product", "add", "Naloxone 1.8 mg", "--gtin", "9506000134352", "--gtin", OTHER, "--doses", "1"
    )
    assert added == {
        "product": "Naloxone 1.8 mg", "doses": 1, "gtins": [OTHER, GTIN], "least_c": None, "most_c": None
    }  # fmt: skip
    assert station.json("product", "list") == [added]
    assert "2 doses a kit, no GTIN" in station.run("product", "add", "Nyxoid").stdout
    text = station.run("product", "list").stdout
    assert OTHER in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_number_is_added_later_and_twice_is_once(station: Station) -> None:
    station.run("product", "add", "Nyxoid")
    for _ in range(2):
        assert station.json("product", "gtin", "Nyxoid", GTIN, "614141000036")["gtins"] == [OTHER, GTIN]


def test_a_known_product_is_not_added_again(station: Station) -> None:
    station.run("product", "add", "Nyxoid")
    for name in ("Nyxoid", "NYXOID"):
        refused = station.refused("product", "add", name, "--gtin", GTIN, status=1)
        assert (
            refused
            == "There's already a product called Nyxoid. Give it one more GTIN with `kitdock product gtin Nyxoid GTIN`."
        )
    assert station.json("product", "list")[0]["gtins"] == []


def test_a_number_is_one_products(station: Station) -> None:
    station.run("product", "add", "Nyxoid", "--gtin", GTIN)
    refused = station.refused("product", "add", "Narcan", "--gtin", OTHER, "--gtin", GTIN, status=1)
    assert f"GTIN {GTIN} belongs to Nyxoid." in refused
    assert [row["product"] for row in station.json("product", "list")] == ["Nyxoid"]  # nothing half-done
    station.run("product", "add", "Narcan")
    assert "--move" in station.refused("product", "gtin", "Narcan", GTIN, status=1)
    station.run("product", "gtin", "Narcan", GTIN, "--move")
    assert [row["gtins"] for row in station.json("product", "list")] == [[GTIN], []]


@pytest.mark.parametrize("gtin", ["9506000134353", "950600013435", "12345", "GTIN", "0000000000000"])
def test_a_number_that_is_no_gtin_is_refused(station: Station, gtin: str) -> None:
    assert "GTIN" in station.refused("product", "add", "Nyxoid", "--gtin", gtin, status=2)
    assert station.json("product", "list") == []


def test_an_unknown_product_is_refused(station: Station) -> None:
    refused = station.refused("product", "gtin", "Nyxiod", GTIN, status=2)
    assert (
        refused
        == "There's no product called Nyxiod. See `kitdock product list`, or add it with `kitdock product add Nyxiod`."
    )
    assert "as a product" in station.refused("product", "add", " ", status=2)


def test_a_product_received_by_name_is_in_the_catalogue(station: Station) -> None:
    expires = str(day(400))
    station.run("kit", "add", "K1", "--product", "Nyxoid", "--lot", "A1", "--expires", expires, "--doses", "4")
    no_limits = {"least_c": None, "most_c": None}
    assert station.json("product", "list") == [{"product": "Nyxoid", "doses": 4, "gtins": [], **no_limits}]
    assert "already a product called" in station.refused("product", "add", "Nyxoid", status=1)
    known = station.json("product", "gtin", "Nyxoid", GTIN)
    assert known == {"product": "Nyxoid", "doses": 4, "gtins": [GTIN], **no_limits}
    assert len(station.json("product", "list")) == 1


def test_only_who_keeps_stock_changes_the_catalogue(station: Station) -> None:
    station.run("account", "grant", "auditor1", "auditor")
    for command in (["add", "Nyxoid"], ["gtin", "Nyxoid", GTIN]):
        assert "It needs the role quartermaster." in station.refused("product", *command, status=1, login="auditor1")
    attempts = [row for row in station.json("audit", "list") if row["action"] == "product.add"]
    assert [row["outcome"] for row in attempts] == ["refused", "refused"]


def test_storage_limits_are_what_the_label_says_and_nothing_until_somebody_enters_it(station: Station) -> None:
    station.run("product", "add", "Naloxone 1.8 mg", "--gtin", GTIN)
    assert "°C" not in station.run("product", "list").stdout
    said = station.run("product", "storage", "Naloxone 1.8 mg", "--from", "-5", "--to", "25").stdout
    assert said.strip() == "Changed product Naloxone 1.8 mg: storage -5 to 25 °C."
    (row,) = station.json("product", "list")
    assert (row["least_c"], row["most_c"], row["gtins"]) == (-5, 25, [GTIN])
    text = station.run("product", "list").stdout
    assert "-5 to 25 °C" in text and max(map(len, text.splitlines())) <= 80
    assert "at most 25 °C" in station.run("product", "storage", "Naloxone 1.8 mg", "--to", "25").stdout
    assert "at least 2 °C" in station.run("product", "storage", "Naloxone 1.8 mg", "--from", "2").stdout
    assert "no storage limits" in station.run("product", "storage", "Naloxone 1.8 mg", "--none").stdout
    (row,) = station.json("product", "list")
    assert (row["least_c"], row["most_c"]) == (None, None)
    entries = [each for each in station.json("audit", "list") if each["action"] == "product.storage"]
    assert len(entries) == 4 and {each["subject"] for each in entries} == {"Naloxone 1.8 mg"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ([], "with --from and --to, or use --none if it says nothing"),
        (["--none", "--to", "25"], "with --from and --to, or use --none if it says nothing"),
        (["--from", "25", "--to", "2"], "the lower one with --from and the higher one with --to"),
        (["--to", "126"], "whole °C from -40 to 125"),
        (["--from", "-41"], "whole °C from -40 to 125"),
    ],
)
def test_limits_that_are_none_are_refused(station: Station, typed: list[str], said: str) -> None:
    station.run("product", "add", "Nyxoid")
    assert said in station.refused("product", "storage", "Nyxoid", *typed, status=2)
    assert station.json("product", "list")[0]["most_c"] is None


def test_limits_of_a_product_that_was_received_by_name_and_of_none(station: Station) -> None:
    station.run("kit", "add", "K1", "--product", "Nyxoid", "--lot", "A1", "--expires", str(day(400)), "--doses", "4")
    limits = station.json("product", "storage", "Nyxoid", "--to", "25")
    assert (limits["doses"], limits["most_c"]) == (4, 25)
    assert "no product called Nyxiod" in station.refused("product", "storage", "Nyxiod", "--to", "25", status=2)
    station.run("account", "grant", "auditor1", "auditor")
    refused = station.refused("product", "storage", "Nyxoid", "--to", "30", status=1, login="auditor1")
    assert "It needs the role quartermaster." in refused
