"""Whose consents stand, for operators, in tens and once a day. Written by one function and by nobody else."""

from django.db import migrations, models

TABLE = "consent_transparency_standing"
# 'Europe/Helsinki' is the service's time zone, as in 0002_publish.sql. People are counted, and not consents: one person has one voice in a figure.
FUNCTION = """
CREATE FUNCTION consent_transparency_stand() RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_zone constant text := 'Europe/Helsinki';
    v_today constant date := (clock_timestamp() AT TIME ZONE v_zone)::date;
    v_since constant timestamptz := (date_trunc('month', clock_timestamp() AT TIME ZONE v_zone) - interval '11 months') AT TIME ZONE v_zone;
    v_made integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('consent_transparency_stand'));
    IF EXISTS (SELECT FROM consent_transparency_standing s WHERE s.day = v_today) THEN
        RETURN 0;
    END IF;
    DELETE FROM consent_transparency_standing;
    WITH standing AS (
        SELECT r.citizen_id, r.purpose_id, r.recipient_id, r.categories, r.withdrawn FROM consent_consentrecord r
        WHERE r.state = 'given' AND r.not_before <= clock_timestamp() AND r.expires_at > clock_timestamp()
    ), counted (dimension, code, people) AS (
        SELECT 'purpose', s.purpose_id, count(DISTINCT s.citizen_id) FROM standing s GROUP BY 2
        UNION ALL
        SELECT 'recipient', a.code, count(DISTINCT s.citizen_id) FROM standing s JOIN consent_agency a ON a.id = s.recipient_id GROUP BY 2
        UNION ALL
        SELECT 'category', c.code, count(DISTINCT s.citizen_id) FROM standing s CROSS JOIN LATERAL unnest(s.categories) AS c (code)
        WHERE NOT c.code = ANY (s.withdrawn) GROUP BY 2
        UNION ALL
        SELECT CASE WHEN r.state = 'declined' THEN 'declined' ELSE 'given' END, to_char(r.decided_at AT TIME ZONE v_zone, 'YYYY-MM'),
            count(DISTINCT r.citizen_id)
        FROM consent_consentrecord r WHERE r.decided_at >= v_since GROUP BY 1, 2
        UNION ALL
        SELECT 'ended', to_char(r.ended_at AT TIME ZONE v_zone, 'YYYY-MM'), count(DISTINCT r.citizen_id)
        FROM consent_consentrecord r WHERE r.ended_at >= v_since AND r.state = 'withdrawn' GROUP BY 2
    )
    INSERT INTO consent_transparency_standing (day, dimension, code, people)
    SELECT v_today, c.dimension, c.code, CASE WHEN c.people >= 10 THEN c.people / 10 * 10 END FROM counted c;
    GET DIAGNOSTICS v_made = ROW_COUNT;
    RETURN v_made;
END $$;
REVOKE ALL ON FUNCTION consent_transparency_stand() FROM PUBLIC;
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    GRANT EXECUTE ON FUNCTION consent_transparency_stand() TO aurora_app;
    REVOKE ALL ON consent_transparency_standing FROM aurora_app;
    GRANT SELECT ON consent_transparency_standing TO aurora_app;
END IF; END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("consent_transparency", "0002_publish"), ("consent", "0016_agency_drafts")]
    operations = [
        migrations.CreateModel(
            name="Standing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("dimension", models.TextField()),
                ("code", models.TextField()),
                ("people", models.BigIntegerField(null=True)),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("dimension", "code"), name="one_standing_of_a_kind")]},
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION consent_transparency_stand();"),
    ]
