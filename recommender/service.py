"""The recommender's entry points: `suggest`, and what a caller needs to ask, keep and show its answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recommender.catalogue import Catalogue, PublicService, catalogue
from recommender.eligibility import Answer, Facts, Outcome
from recommender.eligibility.outcome import NOT_ASSESSED
from recommender.explain import Reason, explain, render
from recommender.facts import CATEGORIES, PROGRAMME_CATEGORY, PROGRAMMES, by_category, category_of
from recommender.profile import Profile
from recommender.ranking.features import FEATURE_CATEGORIES, matrix
from recommender.ranking.model import Ranker
from recommender.ranking.relevance import relevance
from recommender.registry import current

__all__ = [
    "Eligibility",
    "OpenQuestion",
    "SuggestedService",
    "catalogue",
    "catalogue_version",
    "model_version",
    "open_questions",
    "render",
    "suggest",
    "used_categories",
]

# Less than 2 of 100 is not worth a line.
LEAST_SCORE = 0.02
# So many places are kept for services that are not sure, else sure but minor ones would hide what a connection could settle.
OPEN_PLACES = 3


class Eligibility(StrEnum):
    """How sure it is that the service is for this household. A service that is not for it is not suggested at all."""

    LIKELY = "likely"  # its rule says yes
    UNKNOWN = "unknown"  # its rule hangs on an unknown fact, or its authority on grounds that are no facts of ours
    NO_RULE = "no_rule"  # open to everyone


@dataclass(frozen=True, slots=True)
class SuggestedService:
    """One suggestion. `score`: 0 to 1, the model's chance for a programme, stated relevance for another service.

    `settles`: unknown facts of categories that are not connected; connecting them would settle eligibility, but for
    `not_held`: unknown facts of categories that are connected, whose source just does not hold them. `texts`: the
    reasons as sentences, where `suggest` was given a language.
    """

    service: PublicService
    score: float
    eligibility: Eligibility
    reasons: tuple[Reason, ...]
    settles: tuple[str, ...] = ()
    not_held: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def settles_by_category(self) -> dict[str, tuple[str, ...]]:
        """`settles` grouped by the category to connect."""
        return by_category(self.settles)


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A category that is not connected. `settles`: services that it alone would settle; `helps`: those it would help to."""

    category: str
    settles: tuple[str, ...]
    helps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    service: PublicService
    score: float
    eligibility: Eligibility

    @property
    def general(self) -> bool:
        """Open to everyone, and nothing in the profile speaks for it."""
        return self.eligibility is Eligibility.NO_RULE and self.score * 100 <= self.service.base


def suggest(profile: Profile, *, language: str | None = None, limit: int = 10) -> tuple[SuggestedService, ...]:
    """Up to `limit` services for a household, those it is likely entitled to first, by score.

    Never suggests a service whose rule says no, nor a programme that the profile says is received. Up to three places at
    the end go to services whose eligibility is unknown or that are open to everyone; those that are open to everyone and for
    which nothing in the profile speaks only fill what is left. Raises `ArtefactError` where the
    trained model is missing or damaged, `CatalogueError` for a language that is not fi, sv or en.
    """
    facts, ranker = Facts(profile), current()
    found = sorted(_candidates(facts, ranker, catalogue()), key=lambda one: (-one.score, one.service.identifier))
    likely = [one for one in found if one.eligibility is Eligibility.LIKELY]
    others = [one for one in found if one.eligibility is not Eligibility.LIKELY and not one.general]
    general = [one for one in found if one.general]
    places = max(0, limit)
    chosen = likely[: places - min(OPEN_PLACES, len(others), places // 2)]
    chosen = [*chosen, *others, *general][:places]
    return tuple(_suggested(one, facts, ranker, language) for one in chosen)


def open_questions(profile: Profile) -> tuple[OpenQuestion, ...]:
    """Categories that are not connected, ordered by how many services their connection would settle, then help to settle."""
    facts = Facts(profile)
    settles: dict[str, list[str]] = {category: [] for category in CATEGORIES if category not in profile.categories}
    helps: dict[str, list[str]] = {category: [] for category in settles}
    for service in _not_received(profile, catalogue()):
        missing = _outcome(service, facts).missing_by_category
        for category in missing:
            if category in settles:
                (settles if len(missing) == 1 else helps)[category].append(service.identifier)
    questions = [OpenQuestion(one, tuple(settles[one]), tuple(helps[one])) for one in settles if settles[one] or helps[one]]
    return tuple(sorted(questions, key=lambda one: (-len(one.settles), -len(one.helps))))


def used_categories() -> tuple[str, ...]:
    """The data categories that suggestions are made from: features, rules, and programmes received."""
    named = {category_of(key) for service in catalogue().values() for key in service.facts}
    return tuple(one for one in CATEGORIES if one in named or one in FEATURE_CATEGORIES or one == PROGRAMME_CATEGORY)


def model_version() -> str:
    """SHA-256 of the trained model, hex."""
    return current().version


def catalogue_version() -> str:
    """SHA-256 of the catalogue's files, hex."""
    return catalogue().version


def _not_received(profile: Profile, services: Catalogue) -> list[PublicService]:
    received = {one for one in PROGRAMMES if profile.facts.get(f"{PROGRAMME_CATEGORY}.{one}") is True}
    return [service for service in services.values() if service.programme not in received]


def _candidates(facts: Facts, ranker: Ranker, services: Catalogue) -> list[_Candidate]:
    chances = dict(zip(PROGRAMMES, ranker.scores(matrix([facts.profile]))[0].tolist(), strict=True))
    found = []
    for service in _not_received(facts.profile, services):
        answer = service.rule.answer(facts) if service.rule else None
        score = chances[service.programme] if service.programme else relevance(service, facts, answer)
        if answer is not Answer.NO and score >= LEAST_SCORE:
            found.append(_Candidate(service, score, _eligibility(service, answer)))
    return found


def _eligibility(service: PublicService, answer: Answer | None) -> Eligibility:
    if service.unseen_grounds or answer is Answer.UNKNOWN:
        return Eligibility.UNKNOWN
    return Eligibility.NO_RULE if answer is None else Eligibility.LIKELY


def _outcome(service: PublicService, facts: Facts) -> Outcome:
    return service.rule.outcome(facts) if service.rule else NOT_ASSESSED


def _suggested(one: _Candidate, facts: Facts, ranker: Ranker, language: str | None) -> SuggestedService:
    missing = _outcome(one.service, facts).missing
    connected = facts.profile.categories
    reasons = explain(one.service, facts, ranker)
    return SuggestedService(
        service=one.service,
        score=one.score,
        eligibility=one.eligibility,
        reasons=reasons,
        settles=tuple(key for key in missing if category_of(key) not in connected),
        not_held=tuple(key for key in missing if category_of(key) in connected),
        texts=tuple(render(reason, language) for reason in reasons) if language else (),
    )
