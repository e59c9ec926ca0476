"""Counts, on the extract, to what share of households each rule says yes, and writes `catalogue/reach.json`.

python -m recommender.training.reach        (about ten seconds; run it after changing a rule)
"""

from __future__ import annotations

import json

from recommender.catalogue.load import HERE, read
from recommender.eligibility import Answer, Facts
from recommender.profile import Profile
from recommender.training import households

STEP = 4  # every fourth household is counted: 5,000 give shares to within 1.4 points


def reach() -> dict[str, float]:
    """Share of households by service, four decimals, for services that have a rule and no programme."""
    services = [service for service in read(HERE).values() if service.rule and not service.programme]
    told = dict.fromkeys((service.identifier for service in services), 0)
    counted = range(0, households.count(), STEP)
    for index in counted:
        facts = Facts(Profile.of_categories(households.facts_of(index)))
        for service in services:
            if service.rule and service.rule.answer(facts) is Answer.YES:
                told[service.identifier] += 1
    return {identifier: round(yes / len(counted), 4) for identifier, yes in told.items()}


if __name__ == "__main__":
    (HERE / "reach.json").write_text(json.dumps(reach(), indent=2) + "\n", encoding="utf-8")
