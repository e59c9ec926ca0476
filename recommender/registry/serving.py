"""Which models suggest now, and any model that ever did, by its hash.

The champion suggests; a challenger does so for a share of the citizens; a shadow scores beside them and nobody sees it. Where no model is
champion, the one that came with the code is.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from recommender import artefacts
from recommender.errors import ArtefactAway, ArtefactError
from recommender.ranking.model import Ranker
from recommender.registry.artefact import Artefact, current, sha256_of

logger = logging.getLogger(__name__)
FOLDER = "models"
KEPT_OPEN = 8  # models a process, of about 2 MB each


@dataclass(frozen=True, slots=True)
class Serving:
    """`share`: of the citizens, from 0 to 0.5, who get the challenger's suggestions. `troubles`: hashes of models that should serve and cannot."""

    champion: Ranker
    challenger: Ranker | None = None
    share: float = 0.0
    shadow: Ranker | None = None
    troubles: tuple[str, ...] = field(default=())

    def chosen(self, unit: float) -> Ranker:
        """The model for a citizen whose number is `unit`, in [0, 1): the same one for as long as champion, challenger and share stay."""
        if not 0 <= unit < 1:
            raise ValueError("A unit is from 0 to below 1.")
        return self.challenger if self.challenger is not None and unit < self.share else self.champion

    @property
    def unit_salt(self) -> str:
        """What goes into the hash that makes a citizen's `unit`: with another challenger, others try it."""
        return self.challenger.version if self.challenger is not None else ""


def serving() -> Serving:
    """What suggests now. One SELECT; models are read and verified once a process. Raises as `serving_of`."""
    from recommender.registry.tables import ModelVersion

    return serving_of(ModelVersion.objects.filter(state__in=ModelVersion.SERVING).values_list("state", "sha256", "share"))


def serving_of(rows: Iterable[tuple[str, str, float]]) -> Serving:
    """The same from the rows of models that serve: state, hash, share.

    A model that is damaged or was trained on other facts than this code's is left out: the log and `troubles` say so, and who would have got
    a challenger gets the champion, who would have got the champion the model that came with the code. Raises `ArtefactAway` when the storage
    does not answer, and `ArtefactError` when even the shipped model is damaged.
    """
    from recommender.registry.tables import ModelVersion

    found: dict[str, Ranker] = {}
    troubles, share = [], 0.0
    for state, sha256, its_share in rows:
        try:
            found[state] = ranker(sha256)
        except ArtefactAway:
            raise
        except ArtefactError as error:
            logger.error("Model %s is %s and cannot be used: %s", sha256, state, error.sentence)
            troubles.append(sha256)
            continue
        share = its_share if state == ModelVersion.State.CHALLENGER else share
    State = ModelVersion.State
    champion = found.get(State.CHAMPION) or current()
    return Serving(champion, found.get(State.CHALLENGER), share, found.get(State.SHADOW), tuple(sorted(troubles)))


def ranker(version: str) -> Ranker:
    """The model of this SHA-256: the shipped one, or whichever was ever registered. Raises `ArtefactError` for one unknown or damaged, `ArtefactAway`."""
    return _opened(version)


def artefact(version: str) -> Artefact:
    """A registered model's texts and metadata, verified against all its hashes. Raises as `ranker`."""
    from recommender.registry.tables import ModelVersion

    row = ModelVersion.objects.filter(sha256=version).values_list("files", "metadata", "metadata_sha256").first()
    if row is None:
        raise ArtefactError("There is no model of this version.")
    files, metadata, metadata_sha256 = row
    texts = {name: _text(artefacts.load(FOLDER, sha256)) for name, sha256 in files.items()}
    if not (hmac.compare_digest(sha256_of(texts), version) and hmac.compare_digest(metadata_of(metadata), metadata_sha256)):
        raise ArtefactError("The model's files are not those of its version.")
    return Artefact(texts, metadata)


def keep(found: Artefact) -> dict[str, str]:
    """Keep a model's texts in the storage: SHA-256 by name. Raises `ArtefactAway`, `ArtefactError` when its own hash is not that of its texts."""
    if not hmac.compare_digest(sha256_of(found.texts), found.sha256):
        raise ArtefactError("The model's files are not those of its version.")
    return {name: artefacts.keep(FOLDER, text.encode()) for name, text in found.texts.items()}


def metadata_of(metadata: Any) -> str:
    """SHA-256 in hex of metadata as canonical JSON."""
    canonical = json.dumps(metadata, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


@lru_cache(maxsize=KEPT_OPEN)
def _opened(version: str) -> Ranker:
    """What raises is not kept: a storage that was away is asked again."""
    shipped = current()
    return shipped if shipped.version == version else artefact(version).ranker()


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ArtefactError("A file of the model is no text.") from None
