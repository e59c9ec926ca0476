"""The console's pages about withdrawals."""

from datetime import timedelta

from aurora.ui import withdrawal_words as words
from aurora.ui.contexts import EndConsentPage, FieldError, Option, OrderRow, Pagination, TellingCount, TroubleRow, WithdrawalsPage
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from aurora.ui.templatetags.aurora import localized

ID = "0b6f9a52-7a3e-4a55-9a54-6f2d9d1f2f10"


def console() -> list[Example]:
    narrowed, withdrawn = str(words.told("consent.narrowed")), str(words.told("consent.withdrawn"))
    retry = f"/console/withdrawals/{ID}/retry/"
    full = WithdrawalsPage(
        counts=(TellingCount(p.OFFICE, "benefits-office", 3, 1_204, 1, 40, 2, 1_162),),
        troubled=(
            TroubleRow(
                ID, p.OFFICE, "benefits-office", withdrawn, str(words.delivery_error("gone")), 1, p.NOW, failed=True, retry_url=retry
            ),
            TroubleRow(
                ID, p.OFFICE, "benefits-office", narrowed, str(words.delivery_error("timeout")), 4, p.NOW, p.NOW + timedelta(hours=2)
            ),
            TroubleRow(
                ID, p.OFFICE, "benefits-office", withdrawn, "", 1, p.NOW - timedelta(days=40), confirm_by=p.NOW - timedelta(days=10)
            ),
        ),
        orders=(
            OrderRow(p.TAX, str(words.reason("source_ended")), "2026/1140", p.NOW, p.NOW),
            OrderRow(p.INSURANCE, str(words.reason("unlawful")), "2026/1141", p.NOW),
            OrderRow(p.REGISTER, str(words.reason("unlawful")), "2026/1142", p.NOW, waits=True, own=True, decide_url="/x/"),
            OrderRow(p.TAX, str(words.reason("unlawful")), "2026/1143", p.NOW, waits=True, decide_url="/y/"),
            OrderRow(p.TAX, str(words.reason("unlawful")), "2026/1144", p.NOW, p.NOW, declined=True),
        ),
        end_url="/console/withdrawals/end/",
        turns={
            "agencies": Pagination(1, 2, next_url="?agencies=2#agencies"),
            "troubles": Pagination(2, 3, "?troubles=1#troubles", "?troubles=3#troubles"),
        },
    )
    reasons = tuple(Option(code, str(words.reason(code)), code == "unlawful") for code in ("citizen_asked", "recipient_ended", "unlawful"))
    sources = (Option("tax-administration", localized(p.TAX)), Option("social-insurance", localized(p.INSURANCE)))
    fields = (("wanted", "wanted_wrong"), ("reason", "reason_required"), ("case", "case_wrong"), ("source", "source_required"))
    errors = tuple(FieldError(field, str(words.field_error(code))) for field, code in fields)
    empty = EndConsentPage(reasons[:2], reasons[:2], sources, "/console/withdrawals/")
    wrong = EndConsentPage(reasons, reasons, sources, "/console/withdrawals/", "x", "?", "", errors)
    at = "console/withdrawals/"
    return [
        Example("console-withdrawals", "console/withdrawals.html", at, full, name_shown="oskar"),
        Example("console-withdrawals-none", "console/withdrawals.html", at, WithdrawalsPage((), (), ()), name_shown="olli"),
        Example("console-end-consent", "console/end_consent.html", f"{at}end/", empty, name_shown="oskar"),
        Example("console-end-consent-errors", "console/end_consent.html", f"{at}end/", wrong, name_shown="oskar"),
    ]
