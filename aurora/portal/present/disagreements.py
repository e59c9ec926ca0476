"""Statements side by side: what is said of one thing, or of several that one voice decides as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from django.urls import reverse

from aurora.corrections.models import Correction
from aurora.journeys import correct
from aurora.journeys.settle import Side
from aurora.portal.present.data import fact_row
from aurora.portal.present.facts import correct_url, field_errors
from aurora.portal.present.vocabulary import Vocabulary
from aurora.twin.truth import Reason, Standing
from aurora.twin.values import FactView
from aurora.ui import fact_words
from aurora.ui.contexts import Provenance
from aurora.ui.contexts.facts import ConceptView, DisagreementsPage, StatementView, TogetherRow, TogetherView, VoiceView
from consent.rules import CITIZEN

# By category, key and source.
Open = Mapping[tuple[str, str, str], Correction]


def disagreements(side: Side, open_: Open, *, banner: str = "", errors: Mapping[str, str]) -> DisagreementsPage:
    """`open_`: requests that are open, by (category, key, source)."""
    beside = _Beside(Vocabulary(), open_, correct.answering())
    shown = list(beside.views(side.standings))
    return DisagreementsPage(
        disputed=tuple(view for view in shown if view.disputed),
        agreed=tuple(view for view in shown if not view.disputed),
        data_url=reverse("portal:my_data"),
        corrections_url=reverse("portal:corrections"),
        entry_url=reverse("portal:entry", args=[side.entry_id]) if side.entry_id else "",
        banner=fact_words.done(banner),
        errors=field_errors(errors),
    )


@dataclass(frozen=True)
class _Beside:
    """What stands beside statements: words, requests that are open, and who can be asked."""

    vocabulary: Vocabulary
    open_: Open
    answering: frozenset[str]

    def views(self, standings: Sequence[Standing]) -> Iterator[ConceptView | TogetherView]:
        """In their order, what is decided together at the place of its first."""
        done: set[str] = set()
        for one in standings:
            group = one.concept.together
            if not group:
                yield self._concept(one)
            elif group not in done:
                done.add(group)
                yield self._together([other for other in standings if other.concept.together == group])

    def _concept(self, standing: Standing) -> ConceptView:
        concept = standing.concept
        may_choose = concept.citizen_may_choose and standing.disputed
        return ConceptView(
            code=concept.code,
            name=concept.name,
            disputed=standing.disputed,
            statements=tuple(self._statement(fact, standing, may_choose=may_choose) for fact in standing.said),
            because=fact_words.because(standing.reason),
            why=concept.why,
            may_choose=may_choose,
            chosen=standing.reason is Reason.CHOSEN,
            lapsed=standing.lapsed,
        )

    def _together(self, standings: Sequence[Standing]) -> TogetherView:
        """`standings`: disputed ones first, so that the first one decides what is said of all."""
        first = standings[0]
        voices = list(dict.fromkeys((fact.category, fact.source) for fact in chain.from_iterable(one.said for one in standings)))
        rows = []
        for standing in standings:
            by_voice = {(fact.category, fact.source): self._statement(fact, standing, may_choose=False) for fact in standing.said}
            label = self.vocabulary.fact_schema(first.concept.facts[0].rpartition(".")[0], standing.deciding.key)["x-label"]
            rows.append(TogetherRow(label, tuple(by_voice.get(voice) for voice in voices)))
        return TogetherView(
            name=self.vocabulary.category(first.concept.facts[0].rpartition(".")[0]),
            disputed=first.disputed,
            voices=tuple(self._voice(voice, first) for voice in voices),
            rows=tuple(rows),
            because=fact_words.because(first.reason),
            why=first.concept.why,
            release_code=first.concept.code if first.reason is Reason.CHOSEN else "",
            lapsed=any(one.lapsed for one in standings),
        )

    def _voice(self, voice: tuple[str, str], standing: Standing) -> VoiceView:
        category, source = voice
        fact = next(one for one in standing.said if (one.category, one.source) == voice)
        decides = fact is standing.deciding and standing.disputed
        may_choose = standing.disputed and standing.concept.citizen_may_choose and not (decides and standing.reason is Reason.CHOSEN)
        return VoiceView(
            source_name=self.vocabulary.agency(source),
            category=self.vocabulary.category(category),
            provenance=Provenance(fact.provenance),
            observed_at=fact.observed_at,
            decides=decides,
            choose_code=standing.concept.code if may_choose else "",
            choose_id=str(fact.id) if may_choose else "",
            declared_url=reverse("portal:life") if source == CITIZEN else "",
        )

    def _statement(self, fact: FactView, standing: Standing, *, may_choose: bool) -> StatementView:
        asked = self.open_.get((fact.category, fact.key, fact.source))
        decides = fact is standing.deciding
        return StatementView(
            row=fact_row(fact, self.vocabulary),
            category=self.vocabulary.category(fact.category),
            decides=decides and standing.disputed,
            choose_id=str(fact.id) if may_choose and not (decides and standing.reason is Reason.CHOSEN) else "",
            correct_url=correct_url(fact) if standing.disputed and asked is None and fact.source in self.answering else "",
            declared_url=reverse("portal:life") if fact.source == CITIZEN else "",
            asked_url=reverse("portal:correction", args=[asked.pk]) if asked else "",
        )
