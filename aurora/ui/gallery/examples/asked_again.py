"""Asked again where a consent stands or stood: what is different leads, the rest is folded."""

from datetime import date
from typing import Any

from aurora.ui import formats
from aurora.ui.contexts import (
    AgainView,
    AgencyConsentPage,
    Availability,
    CategoryChoice,
    CategoryView,
    ChangeView,
    ConnectPage,
    EndChoice,
    PurposeChoice,
    RequestedCategory,
    Text,
)
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from consent import changes

_URLS = {code: f"/oauth/authorize?language={code}" for code in ("fi", "sv", "en")}


def agency() -> list[Example]:
    """One kind of data more and a later end, over a consent that stands; and the same office merged into another, over one that is over."""
    code = formats.language()
    new, identity = p.access_terms(), p.identity()
    before = _content(p.access_terms(until=date(2026, 12, 31)), p.OFFICE[code], p.HOUSEHOLD)
    more = _again(before, _content(new, p.OFFICE[code], p.HOUSEHOLD, p.INCOME), "standing", [p.HOUSEHOLD.code])
    merged = _again(
        _content(new | {"identity": p.identity(former=True)}, p.FORMER_OFFICE[code], p.HOUSEHOLD),
        _content(new | {"identity": identity}, p.OFFICE[code], p.HOUSEHOLD),
        "outdated",
        [],
    )
    standing = {k: v for k, v in new.items() if k != "on_decline"}
    return [
        Example("authorize-again", "portal/authorize.html", "oauth", _asks(standing, more, p.HOUSEHOLD, p.INCOME)),
        Example("authorize-merged", "portal/authorize.html", "oauth", _asks(new | {"identity": identity}, merged, p.HOUSEHOLD)),
    ]


def connect() -> list[Example]:
    """A kind of data that holds more by now: the consent no longer covers it."""
    said = p.connect_terms()
    fewer = CategoryView(p.INCOME.code, p.INCOME.name, p.INCOME.description, p.INCOME.facts[:1])
    code = formats.language()
    again = _again(
        _content(said, "Aurora", fewer, p.DISABILITY),
        _content(said, "Aurora", p.INCOME, p.DISABILITY),
        "outdated",
        ["social.disability"],
        p.SUGGEST.name,
    )
    page = ConnectPage(
        source_code="tax-administration",
        source_name=p.TAX,
        purposes=(PurposeChoice(p.OVERVIEW), PurposeChoice(p.SUGGEST)),
        categories=tuple(
            CategoryChoice(c, marks=dict(again.marks).get(c.code, ()), same=c is p.DISABILITY) for c in (p.INCOME, p.DISABILITY)
        ),
        ends=(EndChoice("3", date(2027, 2, 24)), EndChoice("12", date(2027, 11, 24)), EndChoice("own")),
        latest_end=date(2027, 11, 24),
        back_url="/sources/",
        terms=said,
        source_host="tax.example",
        notice_token=code,
        again=_view(again, said),
    )
    return [Example("connect-again", "portal/connect.html", "sources/tax-administration/connect/", page)]


def _asks(terms: Any, again: changes.Again, *categories: CategoryView) -> AgencyConsentPage:
    changed = {t.about for t in again.changes}
    asked = tuple(
        RequestedCategory(c, Availability.HAVE, p.REGISTER, marks=dict(again.marks).get(c.code, ()), same=c.code not in changed)
        for c in categories
    )
    hidden = (("request_uri", "urn:x"), ("client_id", "c"))
    return AgencyConsentPage(p.OFFICE, p.BENEFIT, asked, terms, "office.example", "", hidden, _URLS, again=_view(again, terms))


def _again(old: dict[str, Any], new: dict[str, Any], earlier: str, allowed: list[str], purpose: Text = p.BENEFIT.name) -> changes.Again:
    code = formats.language()
    return changes.tell(changes.compare(old, new), earlier=earlier, allowed=allowed, purpose=purpose[code], language=code)


def _view(again: changes.Again, terms: Any) -> AgainView:
    same = {"purpose", "on_refusal", *terms} - {t.about for t in again.changes}
    shown = tuple(ChangeView(t.heading, t.was, t.now) for t in again.changes)
    return AgainView(again.sentences, again.heading, shown, again.labels, frozenset(same))


def _content(terms: Any, recipient: str, *categories: CategoryView) -> dict[str, Any]:
    code = formats.language()
    return {
        "recipient": recipient,
        "categories": [
            {
                "code": c.code,
                "version": 1,
                "name": c.name[code],
                "description": c.description[code],
                "facts": [f.label[code] for f in c.facts],
            }
            for c in categories
        ],
        "terms": [{"code": key, "heading": t.heading, "sentences": list(t.sentences)} for key, t in terms.items()],
    }
