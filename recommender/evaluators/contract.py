"""The contract of an evaluator as a value, and what a schema cannot say of it.

Form: `contract.schema.json` (JSON Schema 2020-12). Shapes: N people, one row each; a model's input is float32 [N, len(inputs)].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from recommender.errors import EvaluatorRefused
from recommender.evaluators import documents, plain

SCHEMA = "contract.schema.json"
LARGEST = 256 * 1024  # bytes
NUMBER, WORD, BOOLEAN = "number", "word", "boolean"


@dataclass(frozen=True, slots=True)
class Texts:
    """One text in the three languages; plain, never markup."""

    fi: str
    sv: str
    en: str

    def of(self, language: str) -> str:
        """English where the language is none of the three."""
        return {"fi": self.fi, "sv": self.sv}.get(language, self.en)


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who answers for the model; `contact` is an address as the owner wrote it."""

    name: str
    contact: str


@dataclass(frozen=True, slots=True)
class Input:
    """One column. `minimum` and `maximum` are inclusive and for numbers; `values` gives each known word its number."""

    fact: str
    feature: str
    kind: str
    unit: str = ""
    minimum: float = 0.0
    maximum: float = 1.0
    values: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def category(self) -> str:
        return self.fact.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Performance:
    """Measured by the owner on `n` people of whom `events` had it. `roc`: (false, true positive rate), both rising;
    `calibration`: (mean predicted, share observed, people)."""

    n: int
    events: int
    auc: float
    auc_low: float
    auc_high: float
    roc: tuple[tuple[float, float], ...]
    calibration: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """How the output is spread among the owner's `n` people: (share of people, value), both rising from share 0 to 1."""

    n: int
    quantiles: tuple[tuple[float, float], ...]

    def share_at_or_below(self, value: float) -> float:
        """Share of the owner's people with this value or a lower one, 0 to 1; linear between two quantiles."""
        share = 0.0
        for (low_p, low), (high_p, high) in pairwise(self.quantiles):
            if value >= high:
                share = high_p
            elif value > low:
                return low_p + (high_p - low_p) * (value - low) / (high - low)
            elif value == low:
                return max(share, low_p)
        return share


@dataclass(frozen=True, slots=True)
class Output:
    """A probability: `column` of the output `tensor` of the file `model`, within `horizon_months` from the event that the model is about."""

    code: str
    model: str
    tensor: str
    column: int
    name: Texts
    horizon_months: int
    performance: Performance
    reference: Reference
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Facts that tell what followed: `happened` whether what the model is about took place, `months` for how long it is known what followed."""

    happened: str
    months: str

    @property
    def category(self) -> str:
        return self.happened.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Contract:
    """All of it. Made by `parse` and `of` only, which check it."""

    identifier: str
    version: int
    owner: str
    purpose: str
    synthetic: bool
    name: Texts
    intended_use: Texts
    meaning: Texts
    limits: Texts
    population: Texts
    responsible: Responsible
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    result: str = ""
    outcomes: Outcomes | None = None

    @property
    def categories(self) -> tuple[str, ...]:
        """The data categories that the inputs need, sorted."""
        return tuple(sorted({i.category for i in self.inputs}))

    @property
    def models(self) -> tuple[str, ...]:
        """The model files, sorted."""
        return tuple(sorted({o.model for o in self.outputs}))


def parse(content: bytes) -> tuple[Contract, dict[str, Any]]:
    """The contract and the document it was read from. Raises `EvaluatorRefused` contract_invalid, saying where."""
    try:
        document = documents.read(content, schema=SCHEMA, largest=LARGEST)
        contract = of(document)
        _consistent(contract)
        plain.check(document)
    except documents.Malformed as error:
        raise EvaluatorRefused("contract_invalid", f"contract.json: {error}") from None
    return contract, document


def of(document: Mapping[str, Any]) -> Contract:
    """From a document that was checked when it came; not checked again."""
    return Contract(
        identifier=document["identifier"],
        version=int(document["version"]),  # a JSON integer may be written 1.0
        owner=document["owner"],
        purpose=document["purpose"],
        synthetic=document["synthetic"],
        name=Texts(**document["name"]),
        intended_use=Texts(**document["intended_use"]),
        meaning=Texts(**document["meaning"]),
        limits=Texts(**document["limits"]),
        population=Texts(**document["population"]),
        responsible=Responsible(**document["responsible"]),
        inputs=tuple(_input(i) for i in document["inputs"]),
        outputs=tuple(_output(o) for o in document["outputs"]),
        result=document.get("result", ""),
        outcomes=Outcomes(**document["outcomes"]) if "outcomes" in document else None,
    )


def _input(found: Mapping[str, Any]) -> Input:
    if found["kind"] == WORD:
        return Input(found["fact"], found["feature"], WORD, values=MappingProxyType({w: float(v) for w, v in found["values"].items()}))
    if found["kind"] == BOOLEAN:
        return Input(found["fact"], found["feature"], BOOLEAN)
    return Input(found["fact"], found["feature"], NUMBER, found["unit"], float(found["minimum"]), float(found["maximum"]))


def _output(found: Mapping[str, Any]) -> Output:
    return Output(
        code=found["code"],
        model=found["model"],
        tensor=found["tensor"],
        column=int(found["column"]),
        name=Texts(**found["name"]),
        horizon_months=int(found["horizon_months"]),
        performance=_performance(found["performance"]),
        reference=Reference(
            int(found["reference"]["n"]), tuple((float(q["p"]), float(q["value"])) for q in found["reference"]["quantiles"])
        ),
        outcome=found.get("outcome", ""),
    )


def _performance(found: Mapping[str, Any]) -> Performance:
    return Performance(
        n=int(found["n"]),
        events=int(found["events"]),
        auc=float(found["auc"]),
        auc_low=float(found["auc_low"]),
        auc_high=float(found["auc_high"]),
        roc=tuple((float(p["fpr"]), float(p["tpr"])) for p in found["roc"]),
        calibration=tuple((float(b["predicted"]), float(b["observed"]), int(b["n"])) for b in found["calibration"]),
    )


def _consistent(contract: Contract) -> None:
    _distinct("inputs", "fact", (i.fact for i in contract.inputs))
    _distinct("inputs", "feature", (i.feature for i in contract.inputs))
    _distinct("outputs", "code", (o.code for o in contract.outputs))
    for i in contract.inputs:
        if i.kind == NUMBER and not i.minimum < i.maximum:
            raise documents.Malformed(f"{i.fact}: the minimum is not below the maximum.")
        if i.kind == WORD and len(set(i.values.values())) != len(i.values):
            raise documents.Malformed(f"{i.fact}: two words have the same number.")
    for o in contract.outputs:
        _measured(o)
    _followed(contract)


def _followed(contract: Contract) -> None:
    """What followed is told in one category, which no input is from: a model that knew it would only repeat it."""
    told = [o.outcome for o in contract.outputs if o.outcome]
    if contract.outcomes is None:
        if told:
            raise documents.Malformed("An output says by which fact its outcome is told, and the contract has no outcomes.")
        return
    named = [contract.outcomes.happened, contract.outcomes.months, *told]
    _distinct("outcomes", "fact", named)
    if {fact.rpartition(".")[0] for fact in named} != {contract.outcomes.category}:
        raise documents.Malformed("/outcomes: the facts are not of one category.")
    if contract.outcomes.category in contract.categories:
        raise documents.Malformed("/outcomes: an input is of the category that tells what followed.")
    if not told:
        raise documents.Malformed("/outcomes: no output says by which fact its outcome is told.")


def _measured(output: Output) -> None:
    p, q = output.performance, output.reference.quantiles
    if p.events >= p.n:
        raise documents.Malformed(f"{output.code}: nobody without the event.")
    if not p.auc_low <= p.auc <= p.auc_high:
        raise documents.Malformed(f"{output.code}: the AUC does not lie in its interval.")
    if p.roc[0] != (0, 0) or p.roc[-1] != (1, 1) or not _rising(p.roc):
        raise documents.Malformed(f"{output.code}: the ROC points do not rise from (0, 0) to (1, 1).")
    if not _rising([(b[0],) for b in p.calibration]):
        raise documents.Malformed(f"{output.code}: the calibration's bins do not rise.")
    if sum(b[2] for b in p.calibration) != p.n:
        raise documents.Malformed(f"{output.code}: the calibration's bins do not hold the n people.")
    if q[0][0] != 0 or q[-1][0] != 1 or not _rising(q):
        raise documents.Malformed(f"{output.code}: the quantiles do not rise from 0 to 1.")


def _rising(points: Iterable[tuple[float, ...]]) -> bool:
    """Each coordinate stays or grows."""
    return all(a <= b for one, two in pairwise(points) for a, b in zip(one, two, strict=True))


def _distinct(where: str, name: str, values: Iterable[str]) -> None:
    values = list(values)
    if len(set(values)) != len(values):
        raise documents.Malformed(f"/{where}: the same {name} twice.")
