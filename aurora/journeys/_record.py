"""What is kept, sealed, of one evaluation: what went in, of which version, and what came out. All by which it can be made again to the bit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from aurora.identity import vault
from aurora.twin.models import Evaluation
from aurora.twin.values import FactView
from recommender.evaluators.contract import Contract
from recommender.evaluators.fit import NotApplicable, fit
from recommender.models import EvaluatorVersion


@dataclass(frozen=True)
class Record:
    """`values`: probability by output. `because`: (fact, why) of what does not fit. `given`: the facts that the contract names, by
    `category.key`; `row`: the numbers that the model was asked with, None where it was not. `version`, `package`: what answered.

    `sources`: ids of the facts given. `made_by`: by category the version of another model, where its result went in; `through`: all versions behind
    those facts, however far back. `followed`: for the model's quality, what came of it (`model_outcomes`).
    """

    version: UUID
    package: str
    values: Mapping[str, float] = field(default_factory=dict, repr=False)
    because: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    given: Mapping[str, Any] = field(default_factory=dict, repr=False)
    row: tuple[float, ...] | None = field(default=None, repr=False)
    sources: tuple[UUID, ...] = ()
    made_by: Mapping[str, UUID] = field(default_factory=dict)
    through: tuple[UUID, ...] = ()
    followed: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def ended(self, **outcome: Any) -> Record:
        """The same with what came out."""
        return replace(self, **outcome)


def begun(version: EvaluatorVersion, facts: Sequence[FactView]) -> Record:
    """What goes in. Facts that the contract does not name are not kept."""
    contract = version.contract
    wanted = {one.fact for one in contract.inputs}
    used = [fact for fact in facts if fact.name in wanted]
    given = {fact.name: fact.value for fact in used}
    return Record(
        version.pk,
        version.package_sha256,
        given=given,
        row=row_of(contract, given),
        sources=tuple(fact.id for fact in used if fact.id is not None),
        made_by={fact.category: fact.derived_by for fact in used if fact.derived_by is not None},
        through=tuple(sorted({version for fact in used if fact.derived_by for version in (fact.derived_by, *fact.derived_through)})),
    )


def row_of(contract: Contract, given: Mapping[str, Any]) -> tuple[float, ...] | None:
    """The numbers of the model's columns; None where something does not fit."""
    row = fit(contract, given)
    return None if isinstance(row, NotApplicable) else row


def sealed(record: Record, *, citizen_id: UUID, evaluation_id: UUID) -> bytes:
    """Under the citizen's key, for this row alone."""
    plain = {
        "version": str(record.version),
        "package": record.package,
        "values": dict(record.values),
        "because": [list(one) for one in record.because],
        "given": dict(record.given),
        "row": record.row,
        "sources": [str(one) for one in record.sources],
        "made_by": {category: str(version) for category, version in record.made_by.items()},
        "through": [str(one) for one in record.through],
        "followed": dict(record.followed),
    }
    return vault.seal(json.dumps(plain).encode(), citizen_id=citizen_id, context=_context(evaluation_id))


def opened(row: Evaluation) -> Record:
    """Of a row with an outcome. Raises `VaultClosed` for one that was changed. Floats come back with every bit (repr of a float is exact)."""
    if row.sealed is None:
        raise ValueError("an evaluation without an outcome")
    plain = json.loads(vault.open_sealed(row.sealed, citizen_id=row.citizen_id, context=_context(row.pk)))
    return Record(
        UUID(plain["version"]) if "version" in plain else row.evaluator_id,
        plain.get("package", ""),
        values=plain.get("values", {}),
        because=tuple((fact, why) for fact, why in plain.get("because", ())),
        given=plain.get("given", {}),
        row=None if plain.get("row") is None else tuple(plain["row"]),
        sources=tuple(UUID(one) for one in plain.get("sources", ())),
        made_by={category: UUID(version) for category, version in plain.get("made_by", {}).items()},
        through=tuple(UUID(one) for one in plain.get("through", ())),
        followed=plain.get("followed", {}),
    )


def _context(evaluation_id: UUID) -> bytes:
    """What an outcome is sealed for: this row."""
    return f"evaluation:{evaluation_id}".encode()
