"""Versions that say whether they change words or meaning, kept unchanged; and whom a change of meaning concerns, as ids only."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

VERSIONS = ("consent_purposeversion", "consent_datacategoryversion", "consent_agencyversion")
VERSIONED = ("consent_purpose", "consent_datacategory", "consent_agency")
KEPT = """
CREATE FUNCTION consent_version_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION '%: consents rest on this version; make a new one', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION consent_binding_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION '%: what has ended by a change of meaning does not hold again', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""
# Standing consents after an id, in order, of which some category is outdated and the citizen was not told of it.
UNTOLD = """
CREATE FUNCTION consent_outdated_untold(
    changed text, changed_code text, passed uuid, most integer, OUT consent_id uuid, OUT citizen_id uuid
) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT r.id, r.citizen_id
    FROM consent_consentrecord r
    JOIN consent_agency a ON a.id = r.recipient_id
    JOIN consent_purpose p ON p.code = r.purpose_id
    JOIN consent_purposeversion v ON v.id = r.purpose_version_id
    WHERE r.state = 'given' AND r.expires_at > now() AND (passed IS NULL OR r.id > passed)
    AND CASE changed
        WHEN 'purpose' THEN r.purpose_id = changed_code
        WHEN 'recipient' THEN a.code = changed_code
        ELSE changed_code = ANY (r.categories) END
    AND EXISTS (
        SELECT FROM unnest(r.categories) c(code) JOIN consent_datacategory d ON d.code = c.code
        WHERE c.code <> ALL (r.withdrawn) AND c.code <> ALL (r.outdated_told) AND (
            v.version < p.binding_since OR r.recipient_version < a.binding_since
            OR coalesce((r.category_versions ->> c.code)::integer, 1) < d.binding_since
        )
    )
    ORDER BY r.id LIMIT most
$$;
REVOKE ALL ON FUNCTION consent_outdated_untold(text, text, uuid, integer) FROM PUBLIC;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
        GRANT EXECUTE ON FUNCTION consent_outdated_untold(text, text, uuid, integer) TO aurora_app;
    END IF;
END $$;
"""


def _triggers() -> list[migrations.RunSQL]:
    kept = [
        migrations.RunSQL(
            f"CREATE TRIGGER kept BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION consent_version_is_kept();",
            f"DROP TRIGGER kept ON {table};",
        )
        for table in VERSIONS
    ]
    grows = [
        migrations.RunSQL(
            f"CREATE TRIGGER binding_grows BEFORE UPDATE OF binding_since ON {table} FOR EACH ROW "
            "WHEN (NEW.binding_since < OLD.binding_since) EXECUTE FUNCTION consent_binding_only_grows();",
            f"DROP TRIGGER binding_grows ON {table};",
        )
        for table in VERSIONED
    ]
    return kept + grows


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0003_narrowed_and_expired"),
    ]

    operations = [
        migrations.CreateModel(
            name="AgencyVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveSmallIntegerField()),
                (
                    "binding_since",
                    models.PositiveSmallIntegerField(help_text="The oldest version of the same meaning: this one's own, if it changes it."),
                ),
                ("name", models.JSONField()),
                ("legal_name", models.CharField(max_length=200)),
                ("business_id", models.CharField(max_length=32)),
                (
                    "contact_url",
                    models.URLField(blank=True, help_text="Where it answers for data protection (GDPR art. 13(1)(a) and (b))."),
                ),
                ("contact_email", models.EmailField(blank=True, max_length=254)),
                ("country", models.CharField(max_length=2)),
                ("onward", models.JSONField(blank=True, default=dict)),
                ("since", models.DateField()),
            ],
            options={
                "ordering": ["agency_id", "-version"],
            },
        ),
        migrations.CreateModel(
            name="MeaningChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("purpose", "Purpose"), ("category", "Category"), ("recipient", "Recipient")], max_length=9),
                ),
                ("code", models.CharField(max_length=64)),
                ("version", models.PositiveSmallIntegerField()),
                ("loaded_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(help_text="Not before; while it is worked on, until when the lease runs.")),
                ("after", models.UUIDField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="agency",
            name="binding_since",
            field=models.PositiveSmallIntegerField(
                db_default=1, default=1, help_text="The oldest version whose consents still hold. It only grows, by trigger."
            ),
        ),
        migrations.AddField(
            model_name="consentrecord",
            name="outdated_told",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=64),
                db_default=models.Value(
                    [], output_field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), size=None)
                ),
                default=list,
                help_text="Categories of which the citizen was told that a change of meaning has left this consent behind.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="consentrecord",
            name="recipient_version",
            field=models.PositiveSmallIntegerField(db_default=1, default=1, help_text="Version of the recipient as shown."),
        ),
        migrations.AddField(
            model_name="datacategory",
            name="binding_since",
            field=models.PositiveSmallIntegerField(
                db_default=1, default=1, help_text="The oldest version whose consents still hold. It only grows, by trigger."
            ),
        ),
        migrations.AddField(
            model_name="datacategoryversion",
            name="binding_since",
            field=models.PositiveSmallIntegerField(
                db_default=1, default=1, help_text="The oldest version of the same meaning: this one's own, if it changes it."
            ),
        ),
        migrations.AddField(
            model_name="purpose",
            name="binding_since",
            field=models.PositiveSmallIntegerField(
                db_default=1, default=1, help_text="The oldest version whose consents still hold. It only grows, by trigger."
            ),
        ),
        migrations.AddField(
            model_name="purposeversion",
            name="binding_since",
            field=models.PositiveSmallIntegerField(
                db_default=1, default=1, help_text="The oldest version of the same meaning: this one's own, if it changes it."
            ),
        ),
        migrations.AddConstraint(
            model_name="datacategoryversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("binding_since__gte", 1), ("binding_since__lte", models.F("version")), ("version__gte", 1)),
                name="category_version_binds",
            ),
        ),
        migrations.AddConstraint(
            model_name="purposeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("binding_since__gte", 1), ("binding_since__lte", models.F("version")), ("version__gte", 1)),
                name="purpose_version_binds",
            ),
        ),
        migrations.AddField(
            model_name="agencyversion",
            name="agency",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="consent.agency"),
        ),
        migrations.AddIndex(
            model_name="meaningchange",
            index=models.Index(condition=models.Q(("done_at__isnull", True)), fields=["due_at"], name="meaning_change_due"),
        ),
        migrations.AddConstraint(
            model_name="meaningchange",
            constraint=models.UniqueConstraint(fields=("kind", "code", "version"), name="meaning_changes_once"),
        ),
        migrations.AddConstraint(
            model_name="agencyversion",
            constraint=models.UniqueConstraint(fields=("agency", "version"), name="agency_version_once"),
        ),
        migrations.AddConstraint(
            model_name="agencyversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("binding_since__gte", 1), ("binding_since__lte", models.F("version")), ("version__gte", 1)),
                name="agency_version_binds",
            ),
        ),
        migrations.AddConstraint(
            model_name="agencyversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("contact_email", ""), ("contact_url", ""), _negated=True), name="agency_version_can_be_asked"
            ),
        ),
        migrations.RunSQL(KEPT, "DROP FUNCTION consent_version_is_kept(); DROP FUNCTION consent_binding_only_grows();"),
        *_triggers(),
        migrations.RunSQL(UNTOLD, "DROP FUNCTION consent_outdated_untold(text, text, uuid, integer);"),
    ]
