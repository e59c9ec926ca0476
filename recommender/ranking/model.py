"""The trained model: one LightGBM classifier a programme, each giving the chance that such a household takes part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from recommender.boosting import lgb
from recommender.errors import ArtefactError
from recommender.facts import PROGRAMMES
from recommender.ranking.features import FEATURE_KEYS, OWN, Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Ranker:
    """Boosters by programme. `version` is the SHA-256 (hex) of their texts, see `recommender.registry`."""

    version: str
    boosters: Mapping[str, lgb.Booster] = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self.boosters) != PROGRAMMES:
            raise ArtefactError("The model does not rank exactly the programmes of the catalogue.")
        for programme, booster in self.boosters.items():
            if tuple(booster.feature_name()) != FEATURE_KEYS:
                raise ArtefactError("The model was trained on other facts than the present ones.")
            if booster.feature_importance("split")[OWN[programme]]:
                raise ArtefactError("The model was trained with its own answer among the facts.")

    def scores(self, rows: Matrix) -> Matrix:
        """float64[n, 8]: for each row of `features.matrix`, the chance of taking part, columns as PROGRAMMES. A programme's own flag changes nothing.

        Nothing but `Booster.predict` a programme, so that it can be measured against the native call.
        """
        return np.column_stack([booster.predict(rows, num_threads=1) for booster in self.boosters.values()])

    def contributions(self, programme: str, rows: Matrix) -> Matrix:
        """float64[n, features]: what each feature adds to the log-odds (TreeSHAP), the constant part left out.

        Costs several times as much as a score: ask only for what is shown.
        """
        explained = self.boosters[programme].predict(rows, pred_contrib=True, num_threads=1)
        return np.asarray(explained)[:, :-1]
