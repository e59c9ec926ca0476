"""Models whose inputs are other models' results. A contract names the category that its results are kept as, and those that it reads.

Pure. No result may rest on itself, through however many models.
"""

from __future__ import annotations

from collections.abc import Iterable

from recommender.evaluators.contract import Contract


def circle(contract: Contract, others: Iterable[Contract]) -> tuple[str, ...]:
    """The categories by which the contract's result would come to rest on itself, first and last the same; () for none.

    `others`: every contract that is or may come into use beside it. Those of the same model are its other versions, and do not count.
    """
    if not contract.result:
        return ()
    reads: dict[str, set[str]] = {contract.result: set(contract.categories)}
    for other in others:
        if other.result and (other.owner, other.identifier) != (contract.owner, contract.identifier):
            reads.setdefault(other.result, set()).update(other.categories)
    return _way(contract.result, reads)


def behind(categories: Iterable[str], others: Iterable[Contract]) -> frozenset[str]:
    """These kinds of data, and all that results among them rest on, however far. `others`: every contract that may have made one."""
    reads: dict[str, set[str]] = {}
    for other in others:
        if other.result:
            reads.setdefault(other.result, set()).update(other.categories)
    found, waiting = set[str](), set(categories)
    while waiting:
        found |= waiting
        waiting = {read for category in waiting for read in reads.get(category, ())} - found
    return frozenset(found)


def _way(start: str, reads: dict[str, set[str]]) -> tuple[str, ...]:
    waiting: list[tuple[str, ...]] = [(start,)]
    seen = set[str]()
    while waiting:
        way = waiting.pop()
        for category in sorted(reads.get(way[-1], ())):
            if category == start:
                return (*way, start)
            if category not in seen:
                seen.add(category)
                waiting.append((*way, category))
    return ()
