"""Which versions of other organisations' models citizens may use now, and why another is not used.

A version that two people released is used until it is retired, and only while its owner takes part in Aurora, and its contract speaks of
the vocabulary as it is: the data may change its form long after the release, and a number in another unit would be worked on without anybody
seeing it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from aurora.journeys import _contract_fit
from consent import agencies
from recommender.errors import EvaluatorRefused
from recommender.evaluators import hold, registry
from recommender.models import EvaluatorOwner, EvaluatorVersion

State = EvaluatorVersion.State
# Ours, beside the codes of `recommender.errors.EVALUATION_CODES`.
RETIRED, UNFIT, OWNER_AWAY = "retired", "unfit", "owner_away"


def why_not(versions: Iterable[EvaluatorVersion]) -> dict[UUID, str]:
    """By version why it is not used: "retired" (or never released), "owner_away", "unfit"; "" for one that is. So many statements, however many."""
    known, today = list(versions), _contract_fit.Today()
    owners = agencies.active_among(version.agency for version in known)
    return {version.pk: _why_not(version, owners, today) for version in known}


def why_stopped(version: EvaluatorVersion) -> str:
    """As `why_not`, asked again in the transaction that runs it: from then on it cannot be retired before that transaction ends."""
    return why_not([version])[version.pk] if hold.released(version.pk) else RETIRED


def offered() -> list[EvaluatorVersion]:
    """What citizens may use, by owner and identifier."""
    versions = registry.released()
    stopped = why_not(versions)
    return [version for version in versions if not stopped[version.pk]]


def seen(evaluator_id: UUID) -> EvaluatorVersion | None:
    """The version, if citizens have seen it: it is released, or was. What waits for its release is none of theirs."""
    try:
        version = registry.get(evaluator_id)
    except EvaluatorRefused:
        return None
    return version if version.released_at is not None else None


def stopped() -> list[UUID]:
    """The versions that citizens could use once and cannot use now."""
    versions = list(EvaluatorVersion.objects.filter(state__in=(State.RELEASED, State.RETIRED)))
    found = why_not(versions)
    return [version.pk for version in versions if found[version.pk]]


def recalled() -> list[EvaluatorVersion]:
    """The versions taken out of use for cause: retired by a steward, or their key revoked. What citizens kept of them goes too.

    A version that only made room for a newer one has no fault: what it made stays with who kept it.
    """
    retired = list(EvaluatorVersion.objects.filter(state=State.RETIRED).select_related("owner"))
    newer = set(EvaluatorVersion.objects.filter(released_at__isnull=False).values_list("agency", "identifier", "released_at"))
    return [
        version
        for version in retired
        if version.owner.state == EvaluatorOwner.State.REVOKED or (version.agency, version.identifier, version.closed_at) not in newer
    ]


def _why_not(version: EvaluatorVersion, owners: Collection[str], today: _contract_fit.Today) -> str:
    if version.state != State.RELEASED:
        return RETIRED
    if version.agency not in owners:
        return OWNER_AWAY
    return "" if today.fits(version.contract) else UNFIT
