"""Whoever is gone leaves no earlier erasures behind either, of a source or a category or called off: they bear the number, and say what there had been."""

from django.db import migrations

DETACH = """
CREATE OR REPLACE FUNCTION erasures_detach(p_erasure uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_citizen uuid;
BEGIN
    SELECT e.citizen_id INTO v_citizen FROM erasures_erasure e JOIN erasures_leaver l ON l.citizen_id = e.citizen_id
    WHERE e.id = p_erasure AND e.state = 'done' AND e.scope = 'everything' AND l.gone
        AND e.citizen_id = nullif(current_setting('aurora.citizen', true), '')::uuid;
    IF v_citizen IS NULL THEN
        RETURN false;
    END IF;
    UPDATE erasures_erasure SET citizen_id = NULL WHERE id = p_erasure;
    DELETE FROM erasures_erasure WHERE citizen_id = v_citizen;
    RETURN true;
END
$$;
-- Of those who went before this.
DELETE FROM erasures_erasure e USING erasures_leaver l
WHERE l.citizen_id = e.citizen_id AND l.gone AND NOT (e.scope = 'everything' AND e.state IN ('running', 'waiting'));
"""
BEFORE = """
CREATE OR REPLACE FUNCTION erasures_detach(p_erasure uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE erasures_erasure SET citizen_id = NULL
    WHERE id = p_erasure AND scope = 'everything' AND state = 'done'
        AND citizen_id = nullif(current_setting('aurora.citizen', true), '')::uuid
        AND EXISTS (SELECT FROM erasures_leaver l WHERE l.citizen_id = erasures_erasure.citizen_id AND l.gone);
    RETURN FOUND;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("erasures", "0003_former_keys")]
    operations = [migrations.RunSQL(DETACH, BEFORE)]
