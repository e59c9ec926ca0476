"""Many runs of suggestions a citizen, one of them current; whose a run is, and which are past their time, as ids only.

What was kept before cannot be made again, since it lacks what it came from: it goes, and is made anew when the citizen looks.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLE = "twin_suggestionrun"
DEFINER = "STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
FUNCTIONS = f"""
CREATE FUNCTION citizen_of_suggestionrun(run uuid) RETURNS uuid LANGUAGE sql {DEFINER} AS $$
    SELECT r.citizen_id FROM twin_suggestionrun r WHERE r.id = run
$$;
CREATE FUNCTION suggestionruns_before(at timestamptz, most integer) RETURNS TABLE (run_id uuid, citizen_id uuid) LANGUAGE sql {DEFINER} AS $$
    SELECT r.id, r.citizen_id FROM twin_suggestionrun r WHERE r.made_at < at ORDER BY r.made_at LIMIT most
$$;
"""
SIGNATURES = ("citizen_of_suggestionrun(uuid)", "suggestionruns_before(timestamptz, integer)")
AS_APP = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN {} END IF; END $$;"
RIGHTS = "".join(f"REVOKE ALL ON FUNCTION {s} FROM PUBLIC;" for s in SIGNATURES) + AS_APP.format(
    "".join(f"GRANT EXECUTE ON FUNCTION {s} TO aurora_app;" for s in SIGNATURES)
    # A run is never changed: only that it is no longer the current one.
    + f"REVOKE UPDATE, TRUNCATE ON {TABLE} FROM aurora_app; GRANT UPDATE (current) ON {TABLE} TO aurora_app;"
)
BACK = "".join(f"DROP FUNCTION {s};" for s in SIGNATURES) + AS_APP.format(
    f"REVOKE UPDATE (current) ON {TABLE} FROM aurora_app; GRANT UPDATE ON {TABLE} TO aurora_app;"
)


class Migration(migrations.Migration):
    dependencies = [
        ("twin", "0007_feedback"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # In both directions: going back, there may be one a citizen only.
        migrations.RunSQL(f"DELETE FROM {TABLE}; SET CONSTRAINTS ALL IMMEDIATE;", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="suggestionrun",
            name="citizen",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(model_name="suggestionrun", name="current", field=models.BooleanField(default=True)),
        migrations.AddIndex(model_name="suggestionrun", index=models.Index(fields=["made_at"], name="suggestionrun_by_age")),
        migrations.AddConstraint(
            model_name="suggestionrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("current", True)), fields=("citizen",), name="one_current_suggestionrun"
            ),
        ),
        migrations.RunSQL(FUNCTIONS + RIGHTS, BACK + f"DELETE FROM {TABLE}; SET CONSTRAINTS ALL IMMEDIATE;"),
    ]
