"""Places services in a list: the surest first, no kind too often, and now and then another one, with its exact chance.

1. Sure services, then those that are not sure, then those for which nothing speaks; each by score. So many places as
   `open_places` says are not taken by sure ones while others wait.
2. No kind takes more than its share while others that are as sure wait, nor more than its most while anything waits.
3. In the stated share of lists one place behind the first ones goes to a near candidate that is not in the list. The places
   where there is one share that chance evenly, and so do the candidates of a place: every chance is known exactly.

Exploring never moves the line between sure and unsure: who takes a place is as sure as who leaves it.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from operator import attrgetter

from recommender.errors import PolicyError
from recommender.policy.model import LIKELY, PRESENT, STANDINGS, Placed, Policy, Scored

_SURE, _OPEN, _GENERAL = 0, 1, 2


def place(found: Sequence[Scored], *, places: int, seed: int, policy: Policy = PRESENT) -> tuple[Placed, ...]:
    """Up to `places` of `found`, each once; the same for the same arguments, whatever the order of `found`.

    Raises `PolicyError` for a service given twice, a score that is not from 0 to 1, and a standing that is not one of STANDINGS.
    """
    tiers = _tiers(found)
    chosen = _chosen(tiers, places, policy)
    pools = _pools(tiers, chosen, places, policy)
    placed = [Placed(one.identifier, _stays(position, pools, policy)) for position, one in enumerate(chosen)]
    drawn = _drawn(seed)
    if pools and drawn < policy.exploration:
        # One draw decides it all: what is left of it, stretched to 0 to 1, is as even as it was.
        at, rest = _among(drawn / policy.exploration, len(pools))
        position, pool = list(pools.items())[at]
        other = pool[_among(rest, len(pool))[0]]
        placed[position] = Placed(other.identifier, _comes(pool, pools, policy), explored=True)
    return tuple(placed)


def distribution(found: Sequence[Scored], *, places: int, policy: Policy = PRESENT) -> tuple[dict[str, float], ...]:
    """For each place of the list, the chance over all seeds of every service that can stand there. Each place sums to 1."""
    tiers = _tiers(found)
    chosen = _chosen(tiers, places, policy)
    pools = _pools(tiers, chosen, places, policy)
    chances = []
    for position, one in enumerate(chosen):
        pool = pools.get(position, ())
        others = {other.identifier: _comes(pool, pools, policy) for other in pool} if policy.exploration else {}
        chances.append({one.identifier: _stays(position, pools, policy), **others})
    return tuple(chances)


def _tiers(found: Sequence[Scored]) -> tuple[list[Scored], list[Scored], list[Scored]]:
    if len({one.identifier for one in found}) != len(found):
        raise PolicyError("A service was given twice.")
    tiers: tuple[list[Scored], list[Scored], list[Scored]] = ([], [], [])
    for one in found:
        if one.eligibility not in STANDINGS or not 0 <= one.score <= 1:
            raise PolicyError("A service was given that may not be placed, or its score is not from 0 to 1.")
        tiers[_tier(one)].append(one)
    for tier in tiers:
        # Twice, by the lesser key first: it costs a third of a sort by both in one, and there may be thousands.
        tier.sort(key=attrgetter("identifier"))
        tier.sort(key=attrgetter("score"), reverse=True)
    return tiers


def _tier(one: Scored) -> int:
    if one.eligibility == LIKELY:
        return _SURE
    return _GENERAL if one.general else _OPEN


def _chosen(tiers: tuple[list[Scored], ...], places: int, policy: Policy) -> list[Scored]:
    """Without chance: who is in the list, in its order."""
    places = max(0, places)
    share, most = math.ceil(policy.share_of_kind * places), math.ceil(policy.most_of_kind * places)
    reserved = min(policy.open_places, len(tiers[_OPEN]), places // 2)
    taken: dict[str, Scored] = {}
    kinds: Counter[str] = Counter()

    def take(tier: int, room: int, of_kind: int) -> None:
        for one in tiers[tier]:
            if len(taken) >= room:
                return
            if one.identifier not in taken and (kinds[one.kind] < of_kind or not one.kind):
                taken[one.identifier] = one
                kinds[one.kind] += 1

    for tier, room in ((_SURE, places - reserved), (_OPEN, places), (_SURE, places), (_GENERAL, places)):
        take(tier, room, share)
        take(tier, room, most)
    for tier in (_SURE, _OPEN, _GENERAL):
        take(tier, places, places)
    return sorted(taken.values(), key=lambda one: (_tier(one), -one.score, one.identifier))


def _pools(tiers: tuple[list[Scored], ...], chosen: list[Scored], places: int, policy: Policy) -> dict[int, tuple[Scored, ...]]:
    """By place, from which another may take it, the candidates for it. A place without candidates is left out."""
    listed = {one.identifier for one in chosen}
    kinds = Counter(one.kind for one in chosen)
    most = math.ceil(policy.most_of_kind * max(0, places))
    waiting = [[one for one in tier if one.identifier not in listed] for tier in tiers]
    pools = {}
    for position, leaves in list(enumerate(chosen))[policy.first_fixed :]:
        near: list[Scored] = []
        for one in waiting[_tier(leaves)]:
            if one.score < leaves.score - policy.distance or len(near) == policy.pool:
                break
            if not one.kind or one.kind == leaves.kind or kinds[one.kind] < most:
                near.append(one)
        if near:
            pools[position] = tuple(near)
    return pools


def _stays(position: int, pools: dict[int, tuple[Scored, ...]], policy: Policy) -> float:
    return 1 - policy.exploration / len(pools) if position in pools else 1.0


def _comes(pool: Sequence[Scored], pools: dict[int, tuple[Scored, ...]], policy: Policy) -> float:
    return policy.exploration / len(pools) / len(pool)


def _drawn(seed: int) -> float:
    """From 0 to below 1, even over all seeds. A digest, because it is the same on every machine and version for ever."""
    return int.from_bytes(hashlib.sha256(f"place:{seed}".encode()).digest()[:6], "big") / 2**48


def _among(drawn: float, many: int) -> tuple[int, float]:
    """Which of `many` an even draw from 0 to below 1 falls on, and what is left of the draw, again from 0 to below 1."""
    at = min(int(drawn * many), many - 1)
    return at, drawn * many - at
