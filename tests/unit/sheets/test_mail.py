"""A document as a mail: whole whatever the machine is called and the document says."""

from datetime import datetime
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest

from host.sheets import Document, Section
from host.sheets.mail import make

MADE = datetime(2026, 6, 1, 6, 0, tzinfo=ZoneInfo("Europe/London"))


@pytest.mark.parametrize(
    ("machine", "domain"),
    [("qm-desk.example.org", "qm-desk.example.org"), ("", "localhost"), ("Köln", "localhost"), ("a b\n", "localhost")],
)
def test_sender_is_this_machine_if_its_name_can_stand_in_a_mail(machine: str, domain: str) -> None:
    mail = message_from_bytes(make(Document("May", "", MADE, []), "May\n", machine), policy=policy.default)
    assert mail["From"] == f"Kitdock <kitdock@{domain}>"


def test_words_that_are_not_ascii_and_long_lines_come_through() -> None:
    text = "± 5 min, Łódź\n" + "x" * 2000 + "\n"
    document = Document("Łódź: 2 new things", "", MADE, [Section("Kits", ["kit"], [["<K-1>"], ["± 5"]])])
    content = make(document, text, "desk")
    assert content.isascii()
    assert max(map(len, content.splitlines())) <= 998
    mail = message_from_bytes(content, policy=policy.default)
    assert mail.defects == []
    assert mail["Subject"] == "Łódź: 2 new things"
    assert mail["Date"] == "Mon, 01 Jun 2026 06:00:00 +0100"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and plain.get_content() == text
    assert html is not None and "&lt;K-1&gt;" in html.get_content()
    assert mail.get_content_type() == "multipart/alternative"
