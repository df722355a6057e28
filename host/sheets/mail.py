"""A document as a mail (RFC 5322) with a text and an HTML part, to hand to sendmail or to open in a mail program.

It names no recipient: `sendmail -i ADDRESS < digest.eml` does.
"""

import re
from email.headerregistry import Address
from email.message import EmailMessage

from host.sheets import Document, html


def make(document: Document, text: str, machine: str) -> bytes:
    """The mail, whose parts both say what the document says; `machine` is the name of this one."""
    mail = EmailMessage()
    domain = machine if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", machine) else "localhost"
    mail["From"] = Address("Kitdock", "kitdock", domain)
    mail["Subject"] = document.title
    mail["Date"] = document.made
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note answers it
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html.make(document).decode(), subtype="html", cte="quoted-printable")
    return mail.as_bytes()
