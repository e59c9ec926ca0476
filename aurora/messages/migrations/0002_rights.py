"""Row-level security; and what a worker must find across citizens, as ids only."""

from django.db import migrations

from consent.scope import policy_sql

DEFINER = "STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
FUNCTIONS = f"""
CREATE FUNCTION overdue_mails(at timestamptz, most integer) RETURNS TABLE (mail_id uuid) LANGUAGE sql {DEFINER} AS $$
    (SELECT m.id FROM aurora_messages_mail m WHERE m.state = 'queued' AND m.due_at <= at ORDER BY m.due_at LIMIT most)
    UNION ALL
    (SELECT m.id FROM aurora_messages_mail m WHERE m.state = 'running' AND m.lease_until <= at ORDER BY m.lease_until LIMIT most)
$$;
CREATE FUNCTION citizen_of_mail(mail uuid) RETURNS uuid LANGUAGE sql {DEFINER} AS $$
    SELECT m.citizen_id FROM aurora_messages_mail m WHERE m.id = mail
$$;
-- Standing consents of which a reminder is due and has no row. Days are the citizens'; consent.rules.reminders decides, this only finds.
CREATE FUNCTION consents_to_remind(at timestamptz, zone text, most integer) RETURNS TABLE (consent_id uuid, citizen_id uuid)
LANGUAGE sql {DEFINER} AS $$
    SELECT r.id, r.citizen_id
    FROM consent_consentrecord r
    CROSS JOIN LATERAL (SELECT (at AT TIME ZONE zone)::date AS today, (r.not_before AT TIME ZONE zone)::date AS given,
        ((r.expires_at - interval '1 microsecond') AT TIME ZONE zone)::date AS last) d
    CROSS JOIN LATERAL (
        SELECT 'ending-' || n AS kind, d.last - n AS day FROM unnest(ARRAY[30, 7, 1]) n
        UNION ALL
        SELECT 'ongoing-' || (90 * k), d.given + 90 * k FROM generate_series(1, (d.today - d.given) / 90) k WHERE NOT r.once
    ) w
    WHERE r.state = 'given' AND r.expires_at > at AND r.not_before <= at AND w.day > d.given AND w.day <= d.today
    AND NOT EXISTS (SELECT FROM aurora_messages_reminder s WHERE s.consent_id = r.id AND s.kind = w.kind)
    AND NOT (w.kind LIKE 'ongoing-%' AND w.day >= d.last - 30)
    GROUP BY r.id, r.citizen_id LIMIT most
$$;
"""
SIGNATURES = ("overdue_mails(timestamptz, integer)", "citizen_of_mail(uuid)", "consents_to_remind(timestamptz, text, integer)")
RIGHTS = "".join(f"REVOKE ALL ON FUNCTION {s} FROM PUBLIC;" for s in SIGNATURES) + (
    "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN "
    + "".join(f"GRANT EXECUTE ON FUNCTION {s} TO aurora_app;" for s in SIGNATURES)
    + " END IF; END $$;"
)
TABLES = ("message", "mailaddress", "mail", "reminder")


class Migration(migrations.Migration):
    dependencies = [("aurora_messages", "0001_initial"), ("consent", "0005_receipts")]
    operations = [
        *(migrations.RunSQL(*policy_sql(f"aurora_messages_{table}")) for table in TABLES),
        migrations.RunSQL(FUNCTIONS + RIGHTS, "".join(f"DROP FUNCTION {s};" for s in SIGNATURES)),
    ]
