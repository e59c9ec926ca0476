"""Who asks that somebody becomes an operator or gets a role, and who agrees, is an administrator at that moment: the database asks. Requests are history.

Else whoever takes a web process over makes up two ids. What they could still do is write to `identity_operator` itself: docs/decisions/operators.md.
"""

import uuid

import django.contrib.postgres.fields
from django.db import migrations, models

RULES = """
CREATE FUNCTION identity_is_administrator(operator uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM identity_operator o WHERE o.id = operator AND o.is_active AND 'administrator' = ANY (o.roles))
$$;
CREATE FUNCTION identity_operatorrequest_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision text[] := ARRAY['state', 'decided_by', 'decided_at'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT identity_is_administrator(NEW.requested_by) THEN
            RAISE EXCEPTION 'only an administrator asks for a change of operators' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    ELSIF TG_OP = 'UPDATE' THEN
        IF NEW.kind = 'invite' AND NEW.state = 'approved' THEN
            decision := decision || 'subject_id'::text;
        END IF;
        IF OLD.state = 'open' AND NEW.state <> 'open' AND to_jsonb(NEW) - decision = to_jsonb(OLD) - decision THEN
            IF NOT identity_is_administrator(NEW.decided_by) THEN
                RAISE EXCEPTION 'only an administrator decides on a change of operators' USING ERRCODE = 'check_violation';
            ELSIF NEW.state = 'approved' AND NOT identity_is_administrator(NEW.requested_by) THEN
                RAISE EXCEPTION 'who asked for this is no administrator any more' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'identity_operatorrequest is history' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER history BEFORE INSERT OR UPDATE OR DELETE ON identity_operatorrequest
    FOR EACH ROW EXECUTE FUNCTION identity_operatorrequest_history();
CREATE TRIGGER history_whole BEFORE TRUNCATE ON identity_operatorrequest
    FOR EACH STATEMENT EXECUTE FUNCTION identity_operatorrequest_history();
DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN
    REVOKE DELETE, TRUNCATE ON identity_operatorrequest FROM aurora_app;
END IF; END $$;
"""
UNDO = (
    "DROP TRIGGER history ON identity_operatorrequest; DROP TRIGGER history_whole ON identity_operatorrequest; "
    "DROP FUNCTION identity_operatorrequest_history(); DROP FUNCTION identity_is_administrator(uuid);"
)


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0013_sessions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Enrolment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("operator_id", models.UUIDField(db_index=True)),
                ("request_id", models.UUIDField(help_text="None: from manage.py create_operator.", null=True, unique=True)),
                ("asker_digest", models.BinaryField(help_text="None: not shown yet.", max_length=32, null=True)),
                ("decider_digest", models.BinaryField(help_text="None: not shown yet.", max_length=32, null=True)),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("password_at", models.DateTimeField(help_text="When the password was chosen: the secrets are good no more.", null=True)),
                ("done_at", models.DateTimeField(help_text="When the authenticator was enrolled.", null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("done_at__isnull", True)), fields=("operator_id",), name="enrolment_one_open"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("done_at__isnull", True), ("password_at__isnull", False), _connector="OR"),
                        name="enrolment_password_first",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OperatorRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invite", "Invite"),
                            ("give", "Give"),
                            ("reset", "Reset"),
                            ("restore", "Restore"),
                            ("take", "Take"),
                            ("suspend", "Suspend"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("approved", "Approved"), ("declined", "Declined"), ("withdrawn", "Withdrawn")],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("subject_id", models.UUIDField(db_index=True, null=True)),
                ("username", models.CharField(blank=True, max_length=64)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("roles", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None)),
                ("reason", models.CharField(max_length=300)),
                ("requested_by", models.UUIDField()),
                ("requested_at", models.DateTimeField()),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("decided_by__isnull", True),
                                ("kind__in", ("invite", "give", "reset", "restore")),
                                ("state", "open"),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by", models.F("requested_by")),
                                ("decided_by__isnull", False),
                                ("kind__in", ("invite", "give", "reset", "restore")),
                                ("state", "withdrawn"),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("kind__in", ("invite", "give", "reset", "restore")),
                                ("state__in", ["approved", "declined"]),
                                models.Q(("decided_by", models.F("requested_by")), _negated=True),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", True),
                                ("kind__in", ("take", "suspend")),
                                ("state", "approved"),
                            ),
                            _connector="OR",
                        ),
                        name="operator_request_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ("invite", "take", "suspend")),
                            models.Q(
                                ("subject_id__isnull", False),
                                models.Q(("subject_id", models.F("requested_by")), _negated=True),
                                models.Q(
                                    ("decided_by__isnull", True),
                                    models.Q(("subject_id", models.F("decided_by")), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="operator_request_not_oneself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "invite"),
                                models.Q(("username", ""), _negated=True),
                                models.Q(("name", ""), _negated=True),
                                models.Q(
                                    models.Q(("state", "approved"), ("subject_id__isnull", False)),
                                    models.Q(models.Q(("state", "approved"), _negated=True), ("subject_id__isnull", True)),
                                    _connector="OR",
                                ),
                            ),
                            models.Q(
                                models.Q(("kind", "invite"), _negated=True), ("name", ""), ("subject_id__isnull", False), ("username", "")
                            ),
                            _connector="OR",
                        ),
                        name="operator_request_about_whom",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("subject_id", "kind", "roles"), name="operator_request_one_open"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "invite"), ("state", "open")), fields=("username",), name="operator_invitation_one_open"
                    ),
                ],
            },
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
