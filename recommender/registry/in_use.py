"""What suggests now: the catalogue and the models that serve, asked for at once."""

from __future__ import annotations

import json

from django.db import connection

from recommender.catalogue import Catalogue, store
from recommender.registry.serving import Serving, serving_of
from recommender.registry.tables import ModelVersion

_IN_USE = f"""
SELECT ({store.CURRENT}),
    (SELECT json_agg(json_build_array(state, sha256, share)) FROM recommender_modelversion WHERE state = ANY(%s))::text
"""


def in_use() -> tuple[Catalogue, Serving]:
    """`store.current()` and `serving()` in one SELECT. Raises what they raise."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_USE, [[str(state) for state in ModelVersion.SERVING]])
        [(version, models)] = cursor.fetchall()
    return store.of(version), serving_of((state, sha256, share) for state, sha256, share in json.loads(models or "[]"))
