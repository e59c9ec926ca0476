"""A token opens no more than its client is registered for now: an operator may have taken a purpose or a category from it since.

By the same two functions that read a token, so that it costs no round trip. The signatures are those of before: web processes of the release before
go on. What is no longer registered stands under `taken`: the refusal of a read must not say that the consent did not cover it.
"""

import importlib

from django.db import migrations

dpop = importlib.import_module("consent.oauth.migrations.0007_dpop")
told = importlib.import_module("consent.oauth.migrations.0012_token_told")

REGISTERED = """
            CASE WHEN t.detail->>'purpose' = ANY (c.allowed_purposes) AND t.detail->'categories' <@ to_jsonb(c.allowed_categories) THEN t.detail
            ELSE t.detail || (
                SELECT jsonb_build_object(
                    'categories', coalesce(jsonb_agg(k.code) FILTER (WHERE k.still), '[]'::jsonb),
                    'taken', coalesce(jsonb_agg(k.code) FILTER (WHERE NOT k.still), '[]'::jsonb))
                FROM (
                    SELECT e.code, e.code = ANY (c.allowed_categories) AND t.detail->>'purpose' = ANY (c.allowed_purposes) AS still
                    FROM jsonb_array_elements_text(t.detail->'categories') AS e (code)
                ) k)
            END
"""


def _replaced(function: str, detail: str) -> str:
    """The function as it was, with another detail."""
    head, found, tail = function.partition(" t.detail,")
    assert found and " t.detail," not in tail
    return f"{head} {detail},{tail}".replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


def _as_it_was(function: str) -> str:
    return function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("consent_oauth", "0015_clients_in_own_name")]
    operations = [
        migrations.RunSQL(_replaced(dpop.HELD, REGISTERED), _as_it_was(dpop.HELD)),
        migrations.RunSQL(_replaced(told.TOLD, f"({REGISTERED}) - 'taken'"), _as_it_was(told.TOLD)),
    ]
