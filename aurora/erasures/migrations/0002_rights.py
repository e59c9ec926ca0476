"""Row-level security, who is closed by trigger, and the function by which an account goes. The SQL beside it says why so.

And what PostgreSQL would keep elsewhere: ANALYZE copies a sample of a column's values into pg_statistic, where they outlive their rows. Of these columns
it takes none.
"""

from pathlib import Path

from django.db import migrations

from consent.scope import CURRENT_LOOKUP, policy_sql

FUNCTIONS = (
    "erasures_close(uuid, timestamptz)", "erasures_reopen(uuid)", "erasures_due(timestamptz, integer)", "erasures_citizen_of(uuid)",
    "erasures_scrubbed_at()", "erasures_note_scrubbed(timestamptz)", "erasures_detach(uuid)", "erasures_purge(timestamptz)", "erasures_account(uuid)",
)  # fmt: skip
TRIGGERS = ("erasures_refuse_closed()", "erasures_append_only()", "erasures_own_only()")
AS_APP = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN {} END IF; END $$;"
SCRUBBED = ("vault.data_key", "identity_citizen")

# Whoever is closed has none of these made any more.
LEAVING = (
    "twin_fact", "twin_suggestionrun", "twin_evaluation", "twin_trainingrow", "twin_feedback", "consent_consentrecord", "sources_connection",
    "sources_connectattempt", "sources_pull", "sources_feed", "twin_factchoice", "consent_oauth_grant", "consent_oauth_grantpart", "consent_oauth_authorizationcode",
    "consent_oauth_accesstoken", "consent_oauth_refreshtoken", "exports_export",
)  # fmt: skip
# Of whom nothing is left nobody is told anything.
GONE = ("aurora_messages_message", "aurora_messages_mailaddress", "vault.data_key")
APPEND_ONLY = ("consent_consentevent", "consent_receipt", "consent_mandateevent")
# Digests, sealed values and wrapped keys: no planner needs to know how they lie.
UNSAMPLED = (
    ("vault.data_key", "wrapped"), ("identity_citizen", "subject_hmac"), ("identity_citizen", "national_id_sealed"),
    ("identity_citizen", "name_sealed"), ("consent_mandate", "attorney_digest"), ("consent_mandate", "invited_sealed"),
    ("consent_uses_account", "subject_digest"), ("aurora_messages_mailaddress", "sealed"), ("aurora_messages_mailaddress", "digest"),
    ("consent_webhooks_delivery", "payload"),
)  # fmt: skip


def closing(table: str, since: str) -> tuple[str, str]:
    made = (
        f"CREATE TRIGGER not_closed AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh "
        f"FOR EACH STATEMENT EXECUTE FUNCTION erasures_refuse_closed('{since}');"
    )
    return made, f"DROP TRIGGER not_closed ON {table};"


def guarded(table: str) -> tuple[str, str]:
    own = f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION "
    forward = f"DROP TRIGGER append_only ON {table}; {own} erasures_append_only();"
    forward += f"CREATE TRIGGER erased_only BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION erasures_own_only();"
    return forward, f"DROP TRIGGER erased_only ON {table}; DROP TRIGGER append_only ON {table}; {own} {table}_append_only();"


def unsampled(table: str, column: str) -> tuple[str, str]:
    return f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0;", f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS -1;"


RIGHTS = "".join(f"REVOKE ALL ON FUNCTION {f} FROM PUBLIC;" for f in (*FUNCTIONS, *TRIGGERS)) + AS_APP.format(
    "".join(f"GRANT EXECUTE ON FUNCTION {f} TO aurora_app;" for f in FUNCTIONS)
    + "REVOKE DELETE, TRUNCATE ON erasures_erasure FROM aurora_app; REVOKE ALL ON erasures_leaver FROM aurora_app;"
    + "GRANT SELECT ON erasures_leaver TO aurora_app;"
    # From 17 on the service may write its tables anew (VACUUM FULL), as an erasure needs; before, their owner does it (`manage.py scrub`).
    + "IF current_setting('server_version_num')::integer >= 170000 THEN "
    + f"EXECUTE 'GRANT MAINTAIN ON {', '.join(SCRUBBED)} TO aurora_app'; END IF;"
)
UNRIGHTS = AS_APP.format(
    f"IF current_setting('server_version_num')::integer >= 170000 THEN EXECUTE 'REVOKE MAINTAIN ON {', '.join(SCRUBBED)} FROM aurora_app'; END IF;"
) + "".join(f"DROP FUNCTION {f};" for f in (*FUNCTIONS, *TRIGGERS))


class Migration(migrations.Migration):
    dependencies = [
        ("erasures", "0001_initial"),
        ("identity", "0008_delay_officers"),
        ("twin", "0011_facts_that_disagree"),
        ("sources", "0009_one_newest_pull"),
        ("consent", "0015_purposes_of_the_twin"),
        ("consent_oauth", "0017_usage_address"),
        ("consent_uses", "0004_bounds"),
        ("consent_webhooks", "0010_concerns"),
        ("aurora_messages", "0005_concerns"),
        ("exports", "0001_initial"),
        ("ledger", "0009_proof"),
    ]
    operations = [
        migrations.RunSQL(*policy_sql("erasures_erasure", extra=f"secret_digest = {CURRENT_LOOKUP}")),
        migrations.RunSQL(*policy_sql("erasures_leaver")),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL(RIGHTS, UNRIGHTS),
        *(migrations.RunSQL(*closing(table, "leaving")) for table in LEAVING),
        *(migrations.RunSQL(*closing(table, "gone")) for table in GONE),
        *(migrations.RunSQL(*guarded(table)) for table in APPEND_ONLY),
        *(migrations.RunSQL(*unsampled(*one)) for one in UNSAMPLED),
    ]
