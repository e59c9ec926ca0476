"""Acting for others: the list, one right, the form, its end, and what a session sees that acts for somebody."""

from datetime import date, timedelta

from aurora.ui import mandate_words
from aurora.ui.contexts import (
    ActingOverPage,
    ActingRefusedPage,
    ConsentsPage,
    ConsentState,
    FieldError,
    MandateCard,
    MandateEventView,
    MandateOfferPage,
    MandatePage,
    MandateRevokePage,
    MandatesPage,
    MandateState,
    ThemeChoice,
)
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

FAMILY = p.text("Perhe", "Familj", "Family")
TAXATION = p.text("Verotus", "Beskattning", "Taxation")
RESTS = p.text(
    "Tulot ja verovähennykset sekä hakemukset, joihin ne tarvitaan.",
    "Inkomster och skatteavdrag samt ansökningar där de behövs.",
    "Income and tax deductions, and applications that need them.",
)
FAMILIES = p.text(
    "Kotitalouden tiedot sekä hakemukset, joihin ne tarvitaan.",
    "Uppgifter om hushållet samt ansökningar där de behövs.",
    "Data on the household, and applications that need them.",
)
BERTIL, ONNI = "Bertil Lindqvist-Mäkinen", "Onni Virta"


def _card(name: str, state: MandateState, kind: str = "power_of_attorney", **more: object) -> MandateCard:
    themes = () if kind == "guardian" else (FAMILY, TAXATION)
    fixed = {"url": "/mandates/m/", "start": p.TODAY, "until": date(2028, 11, 24), "themes": themes}
    return MandateCard("m", str(mandate_words.kind(kind)), state, name, **{**fixed, **more})  # type: ignore[arg-type]


def mandates() -> list[Example]:
    revoke = {"revoke_url": "/mandates/m/revoke/"}
    note = str(mandate_words.note("frozen_principal"))
    mine = _card(BERTIL, MandateState.STANDING, **revoke, may_delegate=True)
    held = _card(BERTIL, MandateState.STANDING, act_url="/mandates/m/", may_delegate=True, **revoke)
    offer = _card(BERTIL, MandateState.OFFERED)
    child = _card(ONNI, MandateState.STANDING, "guardian", act_url="/mandates/m/")
    frozen = _card(BERTIL, MandateState.FROZEN, "guardian", note=note)
    waiting = _card("S000123-Y", MandateState.OFFERED, note=str(mandate_words.note("waiting")), **revoke)
    substitute = _card("S000124-1", MandateState.OFFERED, substitute=True, url="", **revoke)
    past = (_card(BERTIL, MandateState.REVOKED), _card(BERTIL, MandateState.DECLINED))
    full = MandatesPage((offer,), (frozen,), (held, child), (mine, waiting), past, "/mandates/offer/", mandate_words.banner("accepted"))
    history = tuple(
        MandateEventView(str(mandate_words.event(code)), p.NOW - timedelta(days=days)) for code, days in (("offered", 9), ("accepted", 8))
    )
    return [
        Example("mandates", "portal/mandates.html", "mandates/", full),
        Example("mandates-none", "portal/mandates.html", "mandates/", MandatesPage((), (), (), (), (), "/mandates/offer/")),
        Example("mandate-offered", "portal/mandate.html", "mandates/m/", MandatePage(offer, True, history[:1], "/mandates/", answer=True)),
        Example(
            "mandate-held",
            "portal/mandate.html",
            "mandates/m/",
            MandatePage(held, True, history, "/mandates/", substitute_url="/mandates/offer/?from=m", passed_on=(substitute,)),
        ),
        Example(
            "mandate-frozen",
            "portal/mandate.html",
            "mandates/m/",
            MandatePage(frozen, False, (), "/mandates/", reconfirm_url="/mandates/offer/"),
        ),
        *_forms(),
        Example("mandate-revoke", "portal/mandate_revoke.html", "mandates/m/revoke/", MandateRevokePage(mine, False, "/mandates/m/")),
        Example(
            "mandate-take-back",
            "portal/mandate_revoke.html",
            "mandates/m/revoke/",
            MandateRevokePage(waiting, False, "/mandates/m/", offer=True),
        ),
        Example("mandate-give-up", "portal/mandate_revoke.html", "mandates/m/revoke/", MandateRevokePage(held, True, "/mandates/m/")),
    ]


def _forms() -> list[Example]:
    themes = (ThemeChoice("family", FAMILY, FAMILIES), ThemeChoice("taxation", TAXATION, RESTS, True))
    latest, at = date(2031, 11, 24), "mandates/offer/"
    wrong = (
        FieldError("identifier", str(mandate_words.form_error("identifier_required"))),
        FieldError("themes", str(mandate_words.form_error("theme_required"))),
        FieldError("until", str(mandate_words.form_error("mandate_too_long"))),
    )
    fresh = MandateOfferPage((ThemeChoice("family", FAMILY, FAMILIES), ThemeChoice("taxation", TAXATION, RESTS)), latest, "/mandates/")
    sent = MandateOfferPage(themes, latest, "/mandates/", "S0", "31", "2", "2040", True, errors=wrong)
    return [
        Example("mandate-offer", "portal/mandate_offer.html", at, fresh),
        Example("mandate-offer-errors", "portal/mandate_offer.html", at, sent),
        Example("mandate-pass-on", "portal/mandate_offer.html", at, MandateOfferPage(themes, latest, "/mandates/m/", passing_on=BERTIL)),
        Example("mandate-at-18", "portal/mandate_offer.html", at, MandateOfferPage(themes, latest, "/mandates/m/", guardian=BERTIL)),
    ]


def acting() -> list[Example]:
    """Pages as a session sees them that acts for another."""
    given = p.consent(ConsentState.ACTIVE, p.OFFICE, p.BENEFIT)
    outside = ActingRefusedPage(str(mandate_words.fault("mandate_outside_themes")), True, "/consents/")
    alone = ActingRefusedPage(str(mandate_words.fault("mandate_minor")), False, "/consents/", "/mandates/")
    over = ActingOverPage(str(mandate_words.fault("mandate_revoked")), "/mandates/", "/home/")
    return [
        Example("acting-consents", "portal/consents.html", "consents/", ConsentsPage((given,), (), "/sources/"), acting_for=BERTIL),
        Example("acting-refused", "portal/acting_refused.html", "suggestions/", outside, acting_for=BERTIL),
        Example("acting-alone", "portal/acting_refused.html", "sources/", alone, name_shown=ONNI),
        Example("acting-over", "portal/acting_over.html", "consents/", over),
    ]
