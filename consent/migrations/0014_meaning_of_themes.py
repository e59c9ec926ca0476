"""A power of attorney keeps what its themes meant when it was offered: a theme that grows does not stretch it (as consents do not, issue 3, 6).

Those from before keep what the themes meant when this was written, whatever release applies it.
"""

import json

from django.conf import settings
from django.db import migrations, models

OF_ALL = ["benefit-application", "own-overview", "service-suggestions"]
MEANT = {
    "family": {"categories": ["population.household", "population.person"], "purposes": OF_ALL},
    "taxation": {"categories": ["tax.deductions", "tax.income"], "purposes": OF_ALL},
    "housing": {"categories": ["tax.housing"], "purposes": OF_ALL},
    "social-security": {
        "categories": ["social.disability", "social.pension", "social.programmes", "social.unemployment"],
        "purposes": OF_ALL,
    },
    "health": {"categories": ["hospital.surgery"], "purposes": ["own-overview", "surgery-risk"]},
}

KEEP = f"""
UPDATE consent_mandate m SET meant = (
    SELECT jsonb_object_agg(was.key, was.value) FROM jsonb_each('{json.dumps(MEANT)}'::jsonb) was WHERE was.key = ANY (m.themes))
WHERE m.kind = 'power_of_attorney';
"""

# As before; and what themes mean is never changed, nor is more passed on than the parent meant.
GUARD = """
CREATE OR REPLACE FUNCTION consent_mandate_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.principal_id, NEW.kind, NEW.parent_id) IS DISTINCT FROM (OLD.principal_id, OLD.kind, OLD.parent_id)
            OR (OLD.attorney_id IS NOT NULL AND NEW.attorney_id IS DISTINCT FROM OLD.attorney_id)
            OR NOT NEW.themes <@ OLD.themes OR (NEW.may_delegate AND NOT OLD.may_delegate) __CHANGED__
            OR (NEW.kind = 'power_of_attorney' AND (NEW.expires_at > OLD.expires_at OR NEW.not_before < OLD.not_before))
            OR (OLD.state IN ('declined', 'revoked', 'ended') AND NEW.state <> OLD.state)
        THEN
            RAISE EXCEPTION 'a mandate is not widened, handed on or brought back' USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF NEW.parent_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM consent_mandate p WHERE p.id = NEW.parent_id AND p.parent_id IS NULL AND p.may_delegate AND p.principal_id = NEW.principal_id
            AND NEW.themes <@ p.themes __WIDER__ AND NEW.expires_at <= p.expires_at AND NEW.not_before >= p.not_before)
    THEN
        RAISE EXCEPTION 'a mandate is passed on once, as far as it reaches' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
GUARDED = GUARD.replace("__CHANGED__", "OR NEW.meant IS DISTINCT FROM OLD.meant").replace("__WIDER__", "AND NEW.meant <@ p.meant")
UNGUARDED = GUARD.replace("__CHANGED__", "").replace("__WIDER__", "")


class Migration(migrations.Migration):
    dependencies = [("consent", "0013_reason_of_an_end"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AddField(
            model_name="mandate",
            name="meant",
            field=models.JSONField(
                default=dict, help_text="What each theme meant when it was offered: categories and purposes, codes only."
            ),
        ),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
        migrations.RunSQL(GUARDED, UNGUARDED),
        migrations.AddConstraint(
            model_name="mandate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "power_of_attorney"), _negated=True), models.Q(("meant", {}), _negated=True), _connector="OR"
                ),
                name="mandate_keeps_its_meaning",
            ),
        ),
    ]
