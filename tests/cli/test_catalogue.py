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
    assert added == {"product": "Naloxone 1.8 mg", "doses": 1, "gtins": [OTHER, GTIN]}
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
        assert refused == "product Nyxoid is known already: `kitdock product gtin 'Nyxoid' GTIN` gives it one more"
    assert station.json("product", "list")[0]["gtins"] == []


def test_a_number_is_one_products(station: Station) -> None:
    station.run("product", "add", "Nyxoid", "--gtin", GTIN)
    refused = station.refused("product", "add", "Narcan", "--gtin", OTHER, "--gtin", GTIN, status=1)
    assert f"GTIN {GTIN} is that of Nyxoid" in refused
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
    assert refused == "no product Nyxiod: see `kitdock product list`, or `kitdock product add 'Nyxiod'`"
    assert "is no product" in station.refused("product", "add", " ", status=2)


def test_a_product_received_by_name_is_in_the_catalogue(station: Station) -> None:
    expires = str(day(400))
    station.run("kit", "add", "K1", "--product", "Nyxoid", "--lot", "A1", "--expires", expires, "--doses", "4")
    assert station.json("product", "list") == [{"product": "Nyxoid", "doses": 4, "gtins": []}]
    assert "known already" in station.refused("product", "add", "Nyxoid", status=1)
    assert station.json("product", "gtin", "Nyxoid", GTIN) == {"product": "Nyxoid", "doses": 4, "gtins": [GTIN]}
    assert len(station.json("product", "list")) == 1


def test_only_who_keeps_stock_changes_the_catalogue(station: Station) -> None:
    station.run("account", "grant", "auditor1", "auditor")
    for command in (["add", "Nyxoid"], ["gtin", "Nyxoid", GTIN]):
        assert "that is for quartermaster" in station.refused("product", *command, status=1, login="auditor1")
    attempts = [row for row in station.json("audit", "list") if row["action"] == "product.add"]
    assert [row["outcome"] for row in attempts] == ["refused", "refused"]
