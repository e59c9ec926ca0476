"""Small models of our own, and datasets, as the registry takes them. The people who move them: ASKER asks, APPROVER agrees."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID, uuid4

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ASKER, APPROVER = UUID(int=1), UUID(int=2)


@cache
def tiny(seed: int, classes: float = 2.0):
    """An Artefact of eight boosters of three trees, trained on a few hundred random rows: whole, of the right facts, and good for nothing."""
    import lightgbm as lgb
    import numpy as np

    from recommender.facts import PROGRAMMES
    from recommender.ranking.features import FEATURE_KEYS, OWN
    from recommender.registry.artefact import Artefact, sha256_of

    random = np.random.Generator(np.random.PCG64(seed))
    rows = random.random((300, len(FEATURE_KEYS)))
    texts = {}
    for programme in PROGRAMMES:
        own = rows.copy()
        own[:, OWN[programme]] = np.nan
        table = lgb.Dataset(own, (random.random(300) < 0.5).astype(float), feature_name=list(FEATURE_KEYS))
        parameters = {"objective": "binary", "num_leaves": 4, "num_threads": 1, "verbose": -1, "seed": seed, "deterministic": True}
        texts[programme] = lgb.train(parameters, table, 3).model_to_string()
    return Artefact(texts, {"format": 1, "sha256": sha256_of(texts), "metrics": {"ndcg3": 0.5}, "parameters": {"seed": seed}})


def dataset(*, citizens: int = 0, now: datetime = NOW):
    """A DatasetVersion that is ready, with a row of its joined table a citizen. No training row lies anywhere."""
    from recommender.models import DatasetConsent, DatasetVersion

    made = DatasetVersion.objects.create(
        row_schema=1, extract_sha256="e" * 64, window_from=now - timedelta(days=365), window_until=now, started_at=now
    )
    for number in range(citizens):
        DatasetConsent.objects.create(
            dataset=made, consent_id=uuid4(), commitment=hashlib.sha256(f"{made.pk} {number}".encode()).hexdigest()
        )
    ready = {"state": "ready", "sha256": hashlib.sha256(made.pk.bytes).hexdigest(), "citizens": citizens, "finished_at": now}
    DatasetVersion.objects.filter(pk=made.pk).update(**ready)
    made.refresh_from_db()
    return made


def registered(seed: int = 1, *, on=None, now: datetime = NOW):
    """A ModelVersion, trained and not evaluated."""
    from recommender.registry import lifecycle

    return lifecycle.register(
        found=tiny(seed), dataset=on or dataset(), code_commit="c" * 40, card="A card.", sign=lambda claims: f"signed {claims['model']}",
        by=ASKER, now=now,
    ).model  # fmt: skip


def gates(*, held: bool = True):
    from recommender.registry.gates import Gate

    return (Gate("champion", 0.01, 0.005, 0.015, -0.005, True), Gate("group_gap", 0.05, 0.0, 0.1, 0.1, held))


def evaluated(model, *, held: bool = True, now: datetime = NOW):
    from recommender.registry import lifecycle

    lifecycle.evaluated(model_id=model.pk, champion=lifecycle.champion_version(), gates=gates(held=held), by=ASKER, now=now)
    model.refresh_from_db()
    return model


def moved(model, *, share: float = 0.0, change_share: bool = False, now: datetime = NOW):
    """The next step, asked for and agreed to."""
    from recommender.registry import lifecycle

    asked = lifecycle.ask(model_id=model.pk, by=ASKER, now=now, share=share, change_share=change_share)
    lifecycle.agree(move_id=asked.pk, by=APPROVER, now=now, verify=lambda found: None)
    model.refresh_from_db()
    return model


def champion(seed: int = 1, *, on=None, now: datetime = NOW):
    """A model all the way up."""
    model = evaluated(registered(seed, on=on, now=now), now=now)
    return moved(moved(moved(model, now=now), share=0.2, now=now), now=now)


def forget_all() -> None:
    """Take away what a test has committed; triggers let nobody but a superuser."""
    from tests.support.patients import admin

    with admin() as database:
        for table in ("retraining", "modelevaluation", "datasetconsent", "modelmove", "modelversion", "datasetversion"):
            database.execute(f"DELETE FROM recommender_{table}")


def lifecycle_retire(model) -> None:
    from recommender.registry import lifecycle

    lifecycle.retire(model_id=model.pk, by=ASKER, reason="The test needs its place.", now=NOW)
