"""Whether an access is allowed: the decision over all consents that its citizen gave the agency, against one SELECT by primary key.

Both run in an open transaction with the citizen's scope set, at the same number of rows, and fetch the columns of a consent through
Django's cursor. The peer's table has no row-level security and its row is not locked. The second figure is the decision as the door makes it, with
the transaction and the scope, which the decision's own statement opens, inside the clock; for the peer, BEGIN and COMMIT.
"""

from __future__ import annotations

import random
import statistics
from functools import partial
from hashlib import md5
from time import perf_counter
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from bench.harness import Lap, Scale, column, interleave
from bench.place import Place
from bench.results import Results
from bench.world import CATEGORY, OFFICE, PURPOSE, notice, vocabulary
from consent import queries
from consent.models import Agency
from consent.rules import AccessRequest, Permit, Refusal, decide
from consent.scope import citizen_scope, scope_opened_by

# A citizen has ten consents: one standing and one withdrawn for each of five agencies.
A_CITIZEN = 10
_COLUMNS = "id, citizen_id, recipient, purpose, categories, not_before, expires_at, ended_at, once, spent"
_PEER = f"SELECT {_COLUMNS} FROM bench_consent WHERE id = %s"
_CITIZENS = """
INSERT INTO identity_citizen (id, subject_hmac, national_id_sealed, name_sealed, language, session_epoch, created_at)
SELECT md5('citizen' || n)::uuid, sha256(('citizen' || n)::bytea), '-', '-', 'fi', 0, now() FROM generate_series(%s, %s - 1) n
"""
_CONSENTS = """
INSERT INTO consent_consentrecord (
    id, citizen_id, recipient_id, source_id, purpose_id, purpose_version_id, categories, category_versions, notice_id, state, once, spent, withdrawn,
    decided_at, not_before, expires_at, ended_at, ended_by
)
SELECT md5('consent' || n)::uuid, md5('citizen' || n / 10)::uuid, (%(agencies)s::uuid[])[n %% 10 / 2 + 1], NULL, v.purpose_id, v.id,
    %(categories)s::varchar[], '{}', %(notice)s, CASE n %% 2 WHEN 0 THEN 'given' ELSE 'withdrawn' END, false, '{}', '{}',
    now() - interval '1 day', now() - interval '1 day', now() + interval '30 days', CASE n %% 2 WHEN 1 THEN now() END, ''
FROM generate_series(%(first)s, %(after)s - 1) n, consent_purposeversion v WHERE v.purpose_id = %(purpose)s AND v.version = 1
"""
_COPY = f"""
INSERT INTO bench_consent ({_COLUMNS})
SELECT r.id, r.citizen_id, a.code, r.purpose_id, r.categories, r.not_before, r.expires_at, r.ended_at, r.once, r.spent
FROM generate_series(%s, %s - 1) n JOIN consent_consentrecord r ON r.id = md5('consent' || n)::uuid
JOIN consent_agency a ON a.id = r.recipient_id
"""
_TABLE = """
CREATE TABLE bench_consent (
    id uuid PRIMARY KEY, citizen_id uuid, recipient text, purpose text, categories text[], not_before timestamptz,
    expires_at timestamptz, ended_at timestamptz, once boolean, spent text[]
);
GRANT SELECT ON bench_consent TO aurora_app;
"""


def measure(results: Results, place: Place, scale: Scale) -> None:
    vocabulary()
    with place.admin() as admin:
        admin.execute(_TABLE)
    held = 0
    for power in scale.pick((3, 4, 5, 6) if scale.large else (3, 4, 5), (2, 3)):
        _grow(place, held, 10**power)
        held = 10**power
        # The name says 1e3 to 1e6, or in a quick run what it is.
        _at(results, scale, held, f"1e{power}")


def _at(results: Results, scale: Scale, held: int, name: str) -> None:
    calls = scale.pick(500, 5)
    laps = interleave({"ours": lambda: _decide(calls, held), "other": lambda: _select(calls, held)}, rounds=scale.rounds)
    for figure, measured in ((f"decision_ratio_{name}", "inside"), (f"decision_whole_ratio_{name}", "whole")):
        results.ratio(figure, column(laps["ours"], measured), column(laps["other"], measured), "us")


def _decide(calls: int, held: int) -> Lap:
    inside, whole, now = [], [], timezone.now()
    for _ in range(calls):
        citizen_id = _id("citizen", random.randrange(held // A_CITIZEN))
        request = AccessRequest(citizen_id, OFFICE, PURPOSE, frozenset({CATEGORY}))
        with citizen_scope(citizen_id):
            begun = perf_counter()
            _permitted(decide(request, queries.for_decision(citizen_id=citizen_id, recipient=OFFICE), now=now))
            inside.append(perf_counter() - begun)
        begun = perf_counter()
        with scope_opened_by(partial(queries.for_decision, citizen_id=citizen_id, recipient=OFFICE, opening=True)) as standing:
            _permitted(decide(request, standing, now=now))
        whole.append(perf_counter() - begun)
    return _medians(inside, whole)


def _permitted(decision: Permit | Refusal) -> None:
    if not isinstance(decision, Permit):
        raise RuntimeError(f"refused: {decision.code}")


def _select(calls: int, held: int) -> Lap:
    inside, whole = [], []
    for _ in range(calls):
        wanted = random.randrange(held)
        with citizen_scope(_id("citizen", wanted // A_CITIZEN)):
            begun = perf_counter()
            row = _peer(_id("consent", wanted))
            inside.append(perf_counter() - begun)
        begun = perf_counter()
        with transaction.atomic():
            row = _peer(_id("consent", random.randrange(held)))
        whole.append(perf_counter() - begun)
        assert row is not None
    return _medians(inside, whole)


def _peer(consent_id: UUID) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(_PEER, [consent_id])
        return cursor.fetchone()


def _medians(inside: list[float], whole: list[float]) -> Lap:
    return {"inside": statistics.median(inside) * 1e6, "whole": statistics.median(whole) * 1e6}


def _grow(place: Place, first: int, after: int) -> None:
    """Consents number `first` to `after - 1` with their citizens, and the peer's copies of them."""
    agencies = list(Agency.objects.values_list("pk", "code"))
    # The office last: its rows are not the first ones of their citizen.
    ordered = [pk for pk, code in sorted(agencies, key=lambda one: one[1] == OFFICE)][-A_CITIZEN // 2 :]
    values = {
        "agencies": ordered,
        "purpose": PURPOSE,
        "categories": [CATEGORY, "tax.housing"],
        "notice": notice().pk,
        "first": first,
        "after": after,
    }
    with place.admin() as admin:
        # Foreign keys hold by construction; checking a million of them takes minutes.
        admin.execute("SET session_replication_role = replica")
        admin.execute(_CITIZENS, [first // A_CITIZEN, after // A_CITIZEN])
        admin.execute(_CONSENTS, values)
        admin.execute(_COPY, [first, after])
        admin.execute("VACUUM ANALYZE consent_consentrecord, bench_consent, identity_citizen, consent_agency")


def _id(kind: str, number: int) -> UUID:
    return UUID(md5(f"{kind}{number}".encode()).hexdigest())
