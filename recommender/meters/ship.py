"""The meters of the services that we ship: `python -m recommender.meters.ship` writes `recommender/catalogue/meters.json`.

What the model says of each, and in its place, where an editor who read the service saw it differently, what stands in `reviewed.json`.
Run it when the model, a service's text or a review changes; a test compares the file with what this gives.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from recommender.errors import ArtefactError
from recommender.facts import METERS
from recommender.meters.model import of_texts

REVIEWED = Path(__file__).with_name("reviewed.json")
FILE = Path(__file__).parents[1] / "catalogue" / "meters.json"
SERVICES = FILE.parent / "services"


def shipped() -> dict[str, list[float]]:
    """Ten numbers for each service, by identifier. Raises `ArtefactError` for a review of no service or of no meter."""
    reviews: Mapping[str, Mapping[str, float]] = json.loads(REVIEWED.read_text(encoding="utf-8"))
    services = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(SERVICES.glob("*.json"))]
    if not set(reviews) <= {one["identifier"] for one in services}:
        raise ArtefactError("A service that is reviewed is not in the catalogue.")
    found = {}
    for one in services:
        said, review = of_texts(one["name"], one["description"]), reviews.get(one["identifier"], {})
        if said is None or not set(review) <= set(METERS) or not all(0 <= value <= 1 for value in review.values()):
            raise ArtefactError(f"The meters of {one['identifier']} cannot be told.")
        found[one["identifier"]] = [review.get(meter, number) for meter, number in zip(METERS, said, strict=True)]
    return found


def main() -> None:
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in shipped().items())
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
