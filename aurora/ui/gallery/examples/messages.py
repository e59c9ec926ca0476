"""Receipts, messages, and being told by e-mail."""

from datetime import date, timedelta

from aurora.ui import formats, letters, words
from aurora.ui.contexts import (
    ConsentState,
    EmailConfirmPage,
    EmailPage,
    FieldError,
    MessageLink,
    MessagePage,
    MessageRow,
    MessagesPage,
    Pagination,
    ReceiptPage,
    ReceiptRow,
)
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

NUMBER = "5f0c2a52-1b7e-4f5e-9a42-0d5f6a7b8c9d"


def receipts() -> list[Example]:
    language = formats.language()
    labels = letters.receipt_labels()

    def rows(code: str, who: str, *more: str) -> tuple[ReceiptRow, ...]:
        told = {
            "what": (letters.title(code),),
            "at": (formats.moment(p.NOW),),
            "who": (who,),
            "recipient": (p.OFFICE[language],),
            "purpose": (p.BENEFIT.name[language], p.BENEFIT.description[language]),
            "data": tuple(c.name[language] for c in (p.HOUSEHOLD, p.INCOME)),
            "until": (formats.day(date(2027, 5, 24)), *more),
            "number": (NUMBER,),
            "consent": (NUMBER,),
        }
        return tuple(ReceiptRow(labels[name], values) for name, values in told.items())

    at = "consents/c/receipts/r/"
    files = (f"/{at}receipt.jsonld", f"/{at}receipt.jwt", "/consents/c/", "/oauth/jwks")
    given = ReceiptPage(
        language, letters.title("given"), rows("given", letters.you()), p.access_notice(), "d4" * 32, NUMBER, "e5" * 32, *files,
        summary=p.consent(ConsentState.ACTIVE, p.OFFICE, p.BENEFIT).summary,
    )  # fmt: skip
    acted = ReceiptPage(
        language,
        letters.title("withdrawn:for"),
        rows("withdrawn:for", letters.decided_for("Bertil Berg", "Aino Virta"), letters.once()),
        p.access_notice(),
        "d4" * 32,
        NUMBER,
        "e5" * 32,
        *files,
        language_name="Svenska",
    )
    return [Example("receipt", "portal/receipt.html", at, given), Example("receipt-acted", "portal/receipt.html", at, acted)]


def messages() -> list[Example]:
    ago = p.NOW - timedelta(days=30)
    sent, failed, waiting = (letters.mail_state(*s) for s in (("sent",), ("failed", "address_refused"), ("queued", "server_away")))
    rows = (
        MessageRow(letters.title("reminder_ending"), p.NOW, "/messages/m/", True, waiting),
        MessageRow(letters.title("given"), p.NOW - timedelta(hours=3), "/messages/m/", True),
        MessageRow(letters.title("agency_overdue"), ago, "/messages/m/", mail=sent),
        MessageRow(letters.title("consent_expired"), ago, "/messages/m/", mail=failed),
    )
    pages = Pagination(1, 1, "", "/messages/?page=2")
    box = MessagesPage(rows, pages, "/messages/email/", letters.mail_use(True, True))
    empty = MessagesPage((), Pagination(1, 1))
    names = p.BENEFIT.name[formats.language()], p.OFFICE[formats.language()]
    until = {"until": formats.day(p.TODAY + timedelta(days=7)), "days": "7"}
    links = (MessageLink(letters.link("consent"), "/consents/c/"), MessageLink(letters.link("receipt"), "/consents/c/receipts/r/"))
    says = (letters.about_consent(*names), *letters.says("reminder_ending", until))
    one = MessagePage(letters.title("reminder_ending"), p.NOW, says, links, "/messages/", failed)
    return [
        Example("messages", "portal/messages.html", "messages/", box),
        Example("messages-empty", "portal/messages.html", "messages/", empty),
        Example("message", "portal/message.html", "messages/m/", one),
    ]


def email() -> list[Example]:
    wrong = (FieldError("address", str(words.form_error("address_invalid"))),)
    return [
        Example("email", "portal/email.html", "messages/email/", EmailPage("", False, False, "/messages/")),
        Example("email-error", "portal/email.html", "messages/email/", EmailPage("", False, True, "/messages/", "aino", wrong)),
        Example("email-waiting", "portal/email.html", "messages/email/", EmailPage("aino@example.org", False, False, "/messages/")),
        Example("email-confirmed", "portal/email.html", "messages/email/", EmailPage("aino@example.org", True, True, "/messages/")),
        Example("email-confirm", "portal/email_confirm.html", "messages/email/confirm/s/", EmailConfirmPage("/messages/email/")),
    ]
