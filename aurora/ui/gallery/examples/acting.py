"""Pages about somebody else's data, and an agency's request to somebody who may answer for others."""

from dataclasses import replace

from aurora.ui import mandate_words, words
from aurora.ui.contexts import Answering, DayGroup, GrantGonePage, MandatesPage, WaitingRequest
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from aurora.ui.gallery.examples import activity, citizen, concerns, mandates, records

NAME = "Aino Virta"
EVENTS = (
    "agency:twin:refused", "agency:twin:read", "citizen:consent:withdrawn", "aurora:twin:suggested", "aurora:pull:completed",
    "citizen:source:connected",
)  # fmt: skip


def _readable(example: Example) -> Example:
    """What whoever acts for another is not offered."""
    missing = tuple(replace(group, connect_url="", declared_url="") for group in example.page.missing)
    groups = tuple(replace(group, declared_url="") for group in example.page.groups)
    return replace(example, page=replace(example.page, groups=groups, missing=missing, forget_url=""))


def _persons(days: tuple[DayGroup, ...]) -> tuple[DayGroup, ...]:
    """The entries' titles as they are read by another."""
    titles = {str(words.event_title(event)): str(mandate_words.persons_title(event)) for event in EVENTS}
    return tuple(
        replace(day, entries=tuple(replace(e, title=titles.get(e.title, e.title), refusal=_refusal(e.refusal)) for e in day.entries))
        for day in days
    )


def _refusal(said: str) -> str:
    return str(mandate_words.persons_refusal("consent_withdrawn")) if said == str(words.refusal("consent_withdrawn")) else said


def pages() -> list[Example]:
    known = {e.name: e for part in (records.data, activity.pages, records.consents, records.agency, citizen.suggestions) for e in part()}
    known |= {e.name: e for e in (*mandates.mandates(), *concerns.citizen())}
    for_a_child = ("entry-concern", "concern-new", "concerns", "concerns-empty", "concern-answered", "concern-closed")
    seen = ("my-data", "my-data-empty", "activity", "suggestions", "suggestions-none", "suggestions-not-allowed", "consent", "entry")
    # Nobody connects a source for another, nor has their suggestions made again.
    known["suggestions"] = replace(known["suggestions"], page=replace(known["suggestions"].page, offers=(), recompute_url=""))
    known["my-data"] = _readable(known["my-data"])
    known["activity"] = replace(known["activity"], page=replace(known["activity"].page, days=_persons(known["activity"].page.days)))
    acted = [replace(known[name], name=f"acting-{name}", acting_for=mandates.BERTIL) for name in (*seen, *for_a_child) if name in known]
    asked = Answering(NAME, "/mandates/", p.NOW)
    asks = replace(known["authorize"].page, answering=asked)
    waits = WaitingRequest(p.OFFICE, "/oauth/authorize?request_uri=x", p.NOW)
    some: MandatesPage = known["mandates"].page
    withdraw = replace(
        known["withdraw"].page,
        consequences=tuple(str(s) for s in mandate_words.WITHDRAW_CONNECTION_FOR),
        can_keep=False,
    )
    gone = GrantGonePage(waits, "client", "urn:x", "/mandates/")
    return [
        *acted,
        replace(known["my-data"], name="estate-my-data", acting_for=mandates.BERTIL, estate=True),
        replace(known["withdraw"], name="estate-withdraw", acting_for=mandates.BERTIL, estate=True, page=withdraw),
        Example("authorize-for-oneself", "portal/authorize.html", "oauth", asks),
        Example("authorize-for-another", "portal/authorize.html", "oauth", asks, acting_for=mandates.BERTIL),
        Example("authorize-gone", "portal/authorize_gone.html", "oauth", gone),
        Example("authorize-gone-acting", "portal/authorize_gone.html", "oauth", gone, acting_for=mandates.BERTIL),
        Example("mandates-request", "portal/mandates.html", "mandates/", replace(some, request=waits, banner=None)),
    ]
