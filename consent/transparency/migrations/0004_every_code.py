"""For operators: a figure of every code there is, whether or not anybody stands there; by source too; up or down to tens by chance."""

from importlib import import_module

from django.db import migrations, models

# A code without a row beside one of "fewer than ten" would say that there somebody is, and the tenth figure of a code rounded down that the tenth
# person came just now. So each figure goes up or down by chance, with the count as its mean. The chance hangs on a key that nobody but the owner
# reads, and on the count: as long as the count stands still so does the figure, and no mean of many days finds it out.
FUNCTION = """
CREATE OR REPLACE FUNCTION consent_transparency_stand() RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_zone constant text := 'Europe/Helsinki';
    v_today constant date := (clock_timestamp() AT TIME ZONE v_zone)::date;
    v_first constant timestamp := date_trunc('month', clock_timestamp() AT TIME ZONE v_zone) - interval '11 months';
    v_since constant timestamptz := v_first AT TIME ZONE v_zone;
    v_key bytea;
    v_made integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('consent_transparency_stand'));
    IF EXISTS (SELECT FROM consent_transparency_standing s WHERE s.day = v_today) THEN
        RETURN 0;
    END IF;
    INSERT INTO consent_transparency_roundingkey (id, key)
    VALUES (1, decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')) ON CONFLICT DO NOTHING;
    SELECT k.key INTO STRICT v_key FROM consent_transparency_roundingkey k;
    DELETE FROM consent_transparency_standing;
    WITH standing AS (
        SELECT r.citizen_id, r.purpose_id, r.recipient_id, r.categories, r.withdrawn FROM consent_consentrecord r
        WHERE r.state = 'given' AND r.not_before <= clock_timestamp() AND r.expires_at > clock_timestamp()
    ), held AS (
        SELECT s.citizen_id, s.purpose_id, c.code, c.source_id
        FROM standing s CROSS JOIN LATERAL unnest(s.categories) AS u (code) JOIN consent_datacategory c ON c.code = u.code
        WHERE NOT u.code = ANY (s.withdrawn)
    ), counted (dimension, code, people) AS (
        SELECT 'purpose', s.purpose_id, count(DISTINCT s.citizen_id) FROM standing s GROUP BY 2
        UNION ALL
        SELECT 'recipient', a.code, count(DISTINCT s.citizen_id) FROM standing s JOIN consent_agency a ON a.id = s.recipient_id GROUP BY 2
        UNION ALL
        SELECT 'category', h.code, count(DISTINCT h.citizen_id) FROM held h GROUP BY 2
        UNION ALL
        SELECT 'source', a.code, count(DISTINCT h.citizen_id)
        FROM held h JOIN consent_purpose p ON p.code = h.purpose_id AND p.kind = 'connect' JOIN consent_agency a ON a.id = h.source_id GROUP BY 2
        UNION ALL
        SELECT CASE WHEN r.state = 'declined' THEN 'declined' ELSE 'given' END, to_char(r.decided_at AT TIME ZONE v_zone, 'YYYY-MM'),
            count(DISTINCT r.citizen_id)
        FROM consent_consentrecord r WHERE r.decided_at >= v_since GROUP BY 1, 2
        UNION ALL
        SELECT 'ended', to_char(r.ended_at AT TIME ZONE v_zone, 'YYYY-MM'), count(DISTINCT r.citizen_id)
        FROM consent_consentrecord r WHERE r.ended_at >= v_since AND r.state = 'withdrawn' GROUP BY 2
    ), wanted (dimension, code) AS (
        SELECT 'purpose', p.code FROM consent_purpose p
        UNION ALL
        SELECT 'recipient', a.code FROM consent_agency a
        UNION ALL
        SELECT 'category', c.code FROM consent_datacategory c
        UNION ALL
        SELECT 'source', a.code FROM consent_agency a WHERE 'data_source' = ANY (a.roles)
        UNION ALL
        SELECT d.name, to_char(v_first + m.number * interval '1 month', 'YYYY-MM')
        FROM unnest(ARRAY['given', 'declined', 'ended']) AS d (name) CROSS JOIN generate_series(0, 11) AS m (number)
    ), drawn AS (
        SELECT w.dimension, w.code, n.people,
            sha256(v_key || convert_to(concat_ws(E'\\n', w.dimension, w.code, n.people::text), 'UTF8')) AS chance
        FROM wanted w LEFT JOIN counted n ON n.dimension = w.dimension AND n.code = w.code AND n.people >= 10
    )
    INSERT INTO consent_transparency_standing (day, dimension, code, people)
    SELECT v_today, d.dimension, d.code, d.people / 10 * 10 + CASE
        WHEN (get_byte(d.chance, 0) * 65536 + get_byte(d.chance, 1) * 256 + get_byte(d.chance, 2)) * 10.0 / 16777216 < d.people % 10 THEN 10 ELSE 0 END
    FROM drawn d;
    GET DIAGNOSTICS v_made = ROW_COUNT;
    RETURN v_made;
END $$;
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    REVOKE ALL ON consent_transparency_roundingkey FROM aurora_app;
END IF; END $$;
DELETE FROM consent_transparency_standing;  -- counted anew within the hour, by these rules
"""
FORMER = import_module("consent.transparency.migrations.0003_standing").FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("consent_transparency", "0003_standing"), ("consent", "0016_agency_drafts")]
    operations = [
        migrations.CreateModel(
            name="RoundingKey",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("key", models.BinaryField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_rounding_key")],
            },
        ),
        migrations.RunSQL(FUNCTION, FORMER),
    ]
