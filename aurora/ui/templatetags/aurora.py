"""Aurora's template tags: texts in the active language, values in its notation, tags for states, errors of forms."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum

from django import template
from django.template import Context
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aurora.ui import chances, formats, operator_words
from aurora.ui.console_layout import ConsoleFrame, frame
from aurora.ui.contexts import (
    AgencyRole,
    Availability,
    ClientState,
    ConsentState,
    DataState,
    DraftState,
    Eligibility,
    EntryKind,
    ErrorPage,
    EvaluationState,
    FactRow,
    FieldError,
    Health,
    MandateState,
    Provenance,
    PullStepState,
    SourceState,
    Telling,
    Text,
)
from aurora.ui.contexts.models import KeyState, ModelState
from aurora.ui.layout import Layout, layout

register = template.Library()

# Each state's colour (a CSS class, never the only sign) and word.
_STATES: tuple[tuple[StrEnum, str, str | Promise], ...] = (
    (SourceState.NOT_CONNECTED, "", _("Not connected")),
    (SourceState.CONNECTED, "au-tag--good", _("Connected")),
    (SourceState.FETCHING, "au-tag--busy", _("Fetching data")),
    (SourceState.ATTENTION, "au-tag--attention", _("Needs attention")),
    (PullStepState.WAITING, "", _("Waiting")),
    (PullStepState.FETCHING, "au-tag--busy", _("Fetching")),
    (PullStepState.DONE, "au-tag--good", _("Done")),
    (PullStepState.SAME, "au-tag--good", _("Nothing new")),
    (PullStepState.FAILED, "au-tag--bad", _("Failed")),
    (Eligibility.LIKELY, "au-tag--good", _("You seem to meet the conditions")),
    (Eligibility.UNKNOWN, "au-tag--attention", _("Depends on something not known")),
    (Eligibility.NO_RULE, "", _("Open to everyone")),
    (ConsentState.ACTIVE, "au-tag--good", _("In force")),
    (ConsentState.EXPIRED, "", _("Ran out")),
    (ConsentState.WITHDRAWN, "", _("Withdrawn")),
    (ConsentState.REPLACED, "", _("Replaced")),
    (ConsentState.ENDED, "", _("Ended")),
    (ConsentState.DECLINED, "", _("Declined")),
    (MandateState.OFFERED, "au-tag--attention", _("Waiting for an answer")),
    (MandateState.STANDING, "au-tag--good", _("In force")),
    (MandateState.FROZEN, "au-tag--attention", _("Frozen")),
    (MandateState.DECLINED, "", _("Declined")),
    (MandateState.REVOKED, "", _("Ended")),
    (MandateState.ENDED, "", _("Ended")),
    (Telling.WAITING, "au-tag--busy", _("Agency not told yet")),
    (Telling.UNDELIVERED, "au-tag--bad", _("Agency could not be told")),
    (Telling.TOLD, "au-tag--attention", _("Deletion not confirmed yet")),
    (Telling.HEARD, "au-tag--good", _("Agency told")),
    (Telling.OVERDUE, "au-tag--bad", _("Confirmation overdue")),
    (Telling.CONFIRMED, "au-tag--good", _("Deletion confirmed")),
    (Telling.PARTLY, "au-tag--mark", _("Deleted in part")),
    (Telling.KEPT, "au-tag--mark", _("Kept by law")),
    (Availability.HAVE, "au-tag--good", _("In Aurora")),
    (Availability.EMPTY, "", _("Nothing found")),
    (Availability.NOT_CONNECTED, "au-tag--attention", _("Not connected")),
    (EvaluationState.READY, "", _("Can be worked out")),
    (EvaluationState.NEEDS, "au-tag--attention", _("Something is missing")),
    (EvaluationState.RUNNING, "au-tag--busy", _("Being worked out")),
    (EvaluationState.DONE, "au-tag--good", _("Worked out")),
    (EvaluationState.NOT_APPLICABLE, "au-tag--attention", _("Not applicable")),
    (EvaluationState.REFUSED, "au-tag--bad", _("Refused")),
    (EvaluationState.FAILED, "au-tag--bad", _("Failed")),
    (EvaluationState.STOPPED, "au-tag--attention", _("Not in use at present")),
    (EvaluationState.RETIRED, "", _("No longer in use")),
    (DataState.HAVE, "au-tag--good", _("In Aurora, allowed")),
    (DataState.NOT_FETCHED, "au-tag--attention", _("Allowed, nothing fetched")),
    (DataState.NOT_KEPT, "au-tag--attention", _("Not among your data")),
    (DataState.NO_MODEL, "au-tag--attention", _("No model in use works it out")),
    (DataState.NOT_ALLOWED, "au-tag--attention", _("Not allowed for this")),
    (DataState.NOT_CONNECTED, "au-tag--attention", _("Not connected")),
    (Health.GOOD, "au-tag--good", _("Working")),
    (Health.DEGRADED, "au-tag--attention", _("Partly failing")),
    (Health.DOWN, "au-tag--bad", _("Down")),
    (Health.IDLE, "", _("No fetches lately")),
    (DraftState.OPEN, "au-tag--attention", _("Waiting for a second person")),
    (DraftState.APPROVED, "au-tag--good", _("Done")),
    (DraftState.DECLINED, "", _("Declined")),
    (DraftState.WITHDRAWN, "", _("Taken back")),
    (ClientState.ACTIVE, "au-tag--good", _("Working")),
    (ClientState.SUSPENDED, "au-tag--bad", _("Suspended")),
    (ModelState.REGISTERED, "au-tag--attention", _("Not released yet")),
    (ModelState.ASKED, "au-tag--attention", _("Waiting for a second person")),
    (ModelState.RELEASED, "au-tag--good", _("Released")),
    (ModelState.DECLINED, "", _("Declined")),
    (ModelState.RETIRED, "", _("Retired")),
    (KeyState.ASKED, "au-tag--attention", _("Waiting for a second person")),
    (KeyState.APPROVED, "au-tag--good", _("In force")),
    (KeyState.DECLINED, "", _("Declined")),
    (KeyState.REPLACED, "", _("Replaced by a newer key")),
    (KeyState.REVOKED, "au-tag--bad", _("Revoked")),
)
# By type as well: members of two StrEnums are equal when their values are.
_STATES_BY_TYPE = {(type(state), state.value): (css, word) for state, css, word in _STATES}

_PROVENANCE: Mapping[Provenance, str | Promise] = {
    Provenance.ATTESTED: _("Signed by the source"),
    Provenance.REPORTED: _("Told by the source"),
    Provenance.DECLARED: _("Told by you"),
    Provenance.DERIVED: _("Worked out by a model"),
}
_ROLES: Mapping[AgencyRole, str | Promise] = {
    AgencyRole.DATA_SOURCE: _("Data source"),
    AgencyRole.DATA_USER: _("Data user"),
    AgencyRole.MODEL_OWNER: _("Model owner"),
}
KINDS: Mapping[EntryKind, str | Promise] = {
    EntryKind.FETCH: _("Fetching from a source"),
    EntryKind.READ: _("Reading by an agency"),
    EntryKind.SUGGEST: _("Suggestions"),
    EntryKind.EVALUATE: _("Estimates"),
    EntryKind.CONSENT: _("Consents and sources"),
    EntryKind.OWN: _("Your own use"),
    EntryKind.GLASS: _("Access without a consent"),
}


@register.filter
def localized(text: Text | str | None) -> str:
    """The active language's entry of a fi/sv/en mapping, else fi, sv, en in turn; a plain string as it is."""
    if not text:
        return ""
    if not isinstance(text, Mapping):
        return str(text)
    code = formats.language()
    return text.get(code) or text.get("fi") or text.get("sv") or text.get("en", "")


@register.filter
def localized_list(texts: Iterable[Text | str]) -> str:
    """Names with commas between: for labels such as "Data: Income, Household"."""
    return ", ".join(localized(text) for text in texts)


@register.filter
def sentence_case(text: str) -> str:
    return capfirst(text)


@register.filter
def day(value: date | None) -> str:
    return formats.day(value) if value else ""


@register.filter
def moment(value: datetime | None) -> str:
    return formats.moment(value) if value else ""


@register.filter
def clock(value: datetime | None) -> str:
    return formats.clock(value) if value else ""


@register.filter
def number(value: int | float) -> str:
    return formats.number(value)


@register.filter
def percent(value: float) -> str:
    """A probability (0 to 1) as a percentage."""
    return chances.percent(value)


@register.filter
def of_hundred(share: float) -> str:
    """A share (0 to 1) as so many of 100."""
    return formats.number(round(share * 100, 1))


@register.simple_tag
def along(value: float, end: float, since: float = 0.0) -> str:
    """How far along an axis of 600 units that ends at `end` a value lies, from `since` on: a number for SVG, in no language."""
    return f"{600 * (value - since) / end:.1f}"


@register.simple_tag
def on_picture(share: float, *, up: bool = False) -> str:
    """Where on an axis of 200 units a share of it lies, from the left or (`up`) from the bottom: a number for SVG, in no language."""
    return f"{200 * (1 - share if up else share):.1f}"


@register.filter
def money(value: int | float) -> str:
    return formats.money(value)


@register.filter
def fact_value(row: FactRow) -> str:
    """A fact as people write it. Unknown is said, and never shown as zero or no."""
    if row.value is None:
        return gettext("Not known")
    if row.value_label:
        return localized(row.value_label)
    if isinstance(row.value, bool):
        return gettext("Yes") if row.value else gettext("No")
    if isinstance(row.value, str):
        return formats.day(date.fromisoformat(row.value)) if row.unit == "day" else row.value
    if row.unit == "probability":
        return chances.percent(row.value)
    return formats.quantity(row.value, row.unit)


@register.filter
def provenance_words(value: Provenance) -> str | Promise:
    return _PROVENANCE[Provenance(value)]


@register.filter
def role_words(value: AgencyRole) -> str | Promise:
    return _ROLES[AgencyRole(value)]


@register.simple_tag(takes_context=True)
def page_layout(context: Context) -> Layout:
    """The frame's data for this request: `{% page_layout as layout %}`."""
    page = context.get("page")
    anonymous = page is None or (isinstance(page, ErrorPage) and not page.framed)
    return layout(context.get("request"), language_urls=getattr(page, "language_urls", None), anonymous=anonymous)


@register.simple_tag(takes_context=True)
def console_frame(context: Context) -> ConsoleFrame:
    """The console's navigation for this request: `{% console_frame as console %}`."""
    return frame(context.get("request"))


@register.filter
def operator_roles(codes: Iterable[str]) -> str:
    """Operators' roles in words, with commas between."""
    return operator_words.roles(codes)


@register.simple_tag
def entry_kinds() -> list[tuple[str, str | Promise]]:
    """The choices of the activity page's `kind` filter: value and word."""
    return [(kind.value, word) for kind, word in KINDS.items()]


@register.simple_tag
def state_tag(state: StrEnum) -> SafeString:
    """A state of `aurora.ui.contexts` as a coloured tag with its word."""
    css, word = _STATES_BY_TYPE[type(state), state.value]
    return format_html('<strong class="govuk-tag {}">{}</strong>', css, word)


@register.simple_tag
def error_for(errors: Iterable[FieldError], field: str) -> str:
    """The message for a field, or ""."""
    return next((str(error.message) for error in errors or () if error.field == field), "")
