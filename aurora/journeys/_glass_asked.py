"""What an operator fills in to ask for a citizen's data: whether it can be asked so, and whom it means. No search: an exact identifier or id."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from aurora.identity import citizens, vault
from aurora.identity.models import Operator
from aurora.journeys.end_consents import CASE
from consent import queries as consents
from consent.breakglass import queries
from consent.breakglass.models import Alarm
from consent.errors import AuroraError, InvalidInput
from consent.rules import glass as rules
from consent.scope import citizen_scope

# Why. Frozen into entries of the log: a code is added, never reused.
REASONS = ("vital_interest", "citizen_asked", "security_incident", "data_fault", "legal_duty")
SHORTEST, LONGEST = 10, 600  # characters of what is written for a request or a review


class NotForThisRole(AuroraError):
    """Least privilege: who asks and decides is a privacy officer, who reviews an auditor, at that moment."""

    code = "not_for_this_role"
    sentence = "This is for operators with another role."
    status = 403


class TooMany(AuroraError):
    """An operator's requests of a day, or those open at once, are used up. The attempt is an alarm."""

    code = "too_many_requests"
    sentence = "You have made as many requests as one person may. Others see that you tried to make more."
    status = 429
    retryable = True


class ReadRefused(AuroraError):
    """The rule did not allow a read; `code` is a `GlassFault`'s. The citizen's log says so where there is a citizen."""

    status = 403
    sentence = "Nothing may be read on this request now."


def check_form(typed: str, reason: str, text: str, case: str, categories: frozenset[str], minutes: int) -> None:
    """Raises `InvalidInput` with a code for each field that is wrong."""
    known = {version.category_id for version in consents.current_categories()}
    faults = {
        "who": "" if typed else "who_required",
        "reason": "" if reason in REASONS else "reason_required",
        "text": "" if SHORTEST <= len(text) <= LONGEST else "text_wrong",
        "case": "" if CASE.fullmatch(case) else "case_wrong",
        "categories": "" if categories and categories <= known else "categories_required",
        "minutes": "" if minutes in rules.MINUTES else "minutes_required",
    }
    if len(categories) > rules.MOST_CATEGORIES:
        faults["categories"] = "categories_many"
    if wrong := {name: code for name, code in faults.items() if code}:
        raise InvalidInput(wrong)


def typed_as(who: str) -> str:
    """In the one form in which it is looked up and compared: an id, or an identifier as the e-ID writes it. "" for what is neither."""
    named = "".join(who.split()).upper()
    try:
        return str(UUID(named))
    except ValueError:
        return named if 4 <= len(named) <= 64 and named.isprintable() else ""


def meant(typed: str) -> UUID | None:
    """The citizen by an exact identifier, or by the id of a consent or grant of theirs. Never by a part, a name, or an agency's pseudonym."""
    try:
        wanted = UUID(typed)
    except ValueError:
        return citizens.find(national_id=typed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT citizen_id FROM consent_meant(%s) LIMIT 1", [wanted])
        found = cursor.fetchone()
        return found[0] if found else None


def living(request_id: UUID) -> UUID | None:
    """Whose data it is about, unless they were erased."""
    citizen_id = queries.subject_of(request_id)
    if citizen_id is None:
        return None
    with citizen_scope(citizen_id):
        return citizen_id if vault.has_key(citizen_id=citizen_id) else None


def limit(operator: Operator, now: datetime) -> Alarm.Kind | None:
    """Which limit one more request would go beyond. With the operator's row held: two requests at once are counted one after the other."""
    if queries.asked_since(operator=operator.pk, since=now - timedelta(days=1)) >= rules.REQUESTS_A_DAY:
        return Alarm.Kind.REQUESTS_A_DAY
    return Alarm.Kind.OPEN_AT_ONCE if queries.open_of(operator=operator.pk, now=now) >= rules.OPEN_AT_ONCE else None
