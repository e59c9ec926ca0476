"""A connection says which pull is its newest, and a pull is the citizen's and the source's that its connection is of.

Each page less that a planned pull touches counts: what is planned together lies anywhere, so of a million connections every page is another one.
A flag in the pull, moved from the last one to the new one, touched four (its row, its id's place in the index, that of its end, that of the flag); foreign keys to citizen and
source asked at each insertion what the connection's own say already, and locked the citizen's row for it.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Coalesce

DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
FILL = """
UPDATE sources_connection c SET newest_pull = p.id FROM sources_pull p WHERE p.connection_id = c.id AND p.newest;
-- Room in each page for the next state of a row that is in it: then no index is written to for it.
ALTER TABLE sources_connection SET (fillfactor = 85);
"""
UNFILL = """
ALTER TABLE sources_connection RESET (fillfactor);
UPDATE sources_pull p SET newest = false WHERE NOT EXISTS (SELECT FROM sources_connection c WHERE c.newest_pull = p.id);
"""
FUNCTIONS = f"""
-- At most `most` feeds of one source that are due become pulls. `every`: seconds by category, `usually` for the others. All that is due of a
-- connection, or will be within `ahead`, goes into one pull.
CREATE OR REPLACE FUNCTION plan_pulls(
    the_source uuid, at timestamptz, most integer, every jsonb, usually double precision, ahead interval
) RETURNS TABLE (pull_id uuid)
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE
    ready uuid[];
    whose uuid[];
    fallen uuid[];
    stamp text := lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0');
BEGIN
    SELECT array_agg(due.id) FILTER (WHERE due.state = 'live'), array_agg(due.citizen_id) FILTER (WHERE due.state = 'live'),
        array_agg(due.id) FILTER (WHERE due.state <> 'live')
    INTO ready, whose, fallen FROM (
        SELECT DISTINCT held.id, held.citizen_id, held.state FROM (
            SELECT c.id, c.citizen_id, c.state FROM sources_feed f JOIN sources_connection c ON c.id = f.connection_id
            WHERE f.source_id = the_source AND f.due_at <= at ORDER BY f.due_at LIMIT most FOR NO KEY UPDATE OF c SKIP LOCKED
        ) AS held
    ) AS due;
    -- Nobody asks a connection that does not stand: only its citizen, or an operator, makes it due again.
    IF fallen IS NOT NULL THEN
        UPDATE sources_feed f SET due_at = NULL WHERE f.id IN (
            SELECT o.id FROM sources_feed o WHERE o.connection_id = ANY (fallen) FOR NO KEY UPDATE SKIP LOCKED
        );
    END IF;
    IF ready IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH made AS (
        INSERT INTO sources_pull AS p
            (id, citizen_id, connection_id, source_id, priority, state, attempt, due_at, error, created_at)
        -- UUIDv7 (RFC 9562 5.7): what is planned together lies together in the indexes.
        SELECT (stamp || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid,
            live.citizen_id, live.id, the_source, 1, 'queued', 0, at, '', at
        FROM unnest(ready, whose) AS live (id, citizen_id)
        ON CONFLICT DO NOTHING RETURNING p.id, p.connection_id, 0.9 + 0.2 * random() AS spread
    ), newest AS (
        UPDATE sources_connection c SET newest_pull = made.id FROM made WHERE c.id = made.connection_id
    ), asked AS (
        -- Should the pull come to nothing, its time comes again all the same.
        UPDATE sources_feed f SET due_at = at + made.spread * make_interval(secs => coalesce((every ->> f.category)::double precision, usually))
        FROM made WHERE f.connection_id = made.connection_id AND f.due_at <= at + ahead
        RETURNING made.id AS pull_id, f.citizen_id, f.category
    ), later AS (
        -- Another pull is open, which may not ask for what is due: it is looked at again.
        UPDATE sources_feed f SET due_at = at + interval '10 minutes' * (0.9 + 0.2 * random()) WHERE f.id IN (
            SELECT o.id FROM unnest(ready) AS busy (id) JOIN sources_feed o ON o.connection_id = busy.id
            WHERE o.due_at <= at AND NOT EXISTS (SELECT FROM made WHERE made.connection_id = busy.id) FOR NO KEY UPDATE OF o SKIP LOCKED
        )
    ), parts AS (
        INSERT INTO sources_pullpart (pull_id, citizen_id, category, state, facts, error)
        SELECT asked.pull_id, asked.citizen_id, asked.category, 'waiting', 0, '' FROM asked
    )
    SELECT made.id FROM made;
END
$$;

-- Pulls that ended before a time and are not the newest of their connection, the oldest first. How many went. The newest ones are looked at again
-- when as much time has passed once more, so that they do not stand at the head of the index for ever.
CREATE OR REPLACE FUNCTION pulls_purge(before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE
    old uuid[];
    gone bigint;
BEGIN
    UPDATE sources_pull p SET kept_at = greatest(now(), before) WHERE p.id IN (
        SELECT o.id FROM sources_pull o JOIN sources_connection c ON c.id = o.connection_id
        WHERE o.finished_at IS NOT NULL AND coalesce(o.kept_at, o.finished_at) < before AND c.newest_pull = o.id
        ORDER BY coalesce(o.kept_at, o.finished_at) LIMIT most FOR NO KEY UPDATE OF o SKIP LOCKED
    );
    SELECT array_agg(p.id) INTO old FROM (
        SELECT o.id FROM sources_pull o JOIN sources_connection c ON c.id = o.connection_id
        WHERE o.finished_at IS NOT NULL AND coalesce(o.kept_at, o.finished_at) < before AND c.newest_pull IS DISTINCT FROM o.id
        ORDER BY coalesce(o.kept_at, o.finished_at) LIMIT most FOR UPDATE OF o SKIP LOCKED
    ) AS p;
    DELETE FROM sources_pullpart part WHERE part.pull_id = ANY (old);
    DELETE FROM sources_pull p WHERE p.id = ANY (old);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
"""


def _before() -> str:
    """The two functions as 0008 made them."""
    from importlib import import_module

    text = import_module("aurora.sources.migrations.0008_scale_functions").FUNCTIONS
    made = [part for part in text.split("CREATE FUNCTION ") if part.startswith(("plan_pulls", "pulls_purge"))]
    return "".join(f"CREATE OR REPLACE FUNCTION {part[: part.rindex('$$;') + 3]}\n" for part in made)


def _to(model: str, *, constraint: bool, **options: object) -> models.ForeignKey:
    return models.ForeignKey(db_constraint=constraint, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=model, **options)


class Migration(migrations.Migration):
    dependencies = [
        ("sources", "0012_pulls_in_few_statements"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            "connection", "newest_pull", models.UUIDField(help_text="The last one made: that stays when old ones are deleted.", null=True)
        ),
        migrations.AddField(
            "pull",
            "kept_at",
            models.DateTimeField(help_text="When it was last found to be old, and the newest of its connection.", null=True),
        ),
        migrations.RunSQL(FILL, UNFILL),
        migrations.RemoveConstraint("pull", "one_newest_pull"),
        migrations.RemoveIndex("pull", "pull_to_purge"),
        migrations.RunSQL(FUNCTIONS, _before()),
        migrations.RemoveField("pull", "newest"),
        migrations.AddIndex(
            "pull",
            models.Index(Coalesce("kept_at", "finished_at"), condition=models.Q(finished_at__isnull=False), name="pull_to_purge"),
        ),
        migrations.AlterField("pull", "citizen", _to(settings.AUTH_USER_MODEL, constraint=False, db_index=False)),
        migrations.AlterField("pull", "source", _to("sources.datasource", constraint=False, db_index=False)),
        migrations.AlterField("pullpart", "citizen", _to(settings.AUTH_USER_MODEL, constraint=False)),
    ]
