"""A model is what its hash says, for the tables' owner too: only its state moves on, by a move that two people made, past gates that held.

Nothing is deleted. The service may write the columns of a move and no other; a trigger says which move writes which.
"""

from django.db import migrations

DATASET, CONSENT = "recommender_datasetversion", "recommender_datasetconsent"
MODEL, EVALUATION, MOVE, RETRAINING = (
    "recommender_modelversion",
    "recommender_modelevaluation",
    "recommender_modelmove",
    "recommender_retraining",
)
MAY_UPDATE = {
    DATASET: "state, sha256, citizens, counts, card, finished_at",
    CONSENT: "forgotten_at",
    MODEL: "state, share, move_id",
    EVALUATION: "",
    MOVE: "state, reason, over_id, decided_by, decided_at",
    RETRAINING: "state, attempt, due_at, lease_token, lease_until, code, made_id, finished_at",
}

GUARDS = """
CREATE FUNCTION recommender_datasetversion_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ending constant text[] := ARRAY['state', 'sha256', 'citizens', 'counts', 'card', 'finished_at'];
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = 'collecting' THEN RETURN NEW; END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'collecting' AND NEW.state IN ('ready', 'closed')
        AND to_jsonb(NEW) - ending = to_jsonb(OLD) - ending THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'a dataset does not change so' USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION recommender_datasetconsent_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.forgotten_at IS NULL AND EXISTS (
        SELECT FROM recommender_datasetversion d WHERE d.id = NEW.dataset_id AND d.state = 'collecting'
    ) THEN RETURN NEW; END IF;
    IF TG_OP = 'UPDATE' AND OLD.forgotten_at IS NULL AND NEW.forgotten_at IS NOT NULL
        AND to_jsonb(NEW) - 'forgotten_at' = to_jsonb(OLD) - 'forgotten_at' THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'what a dataset rests on does not change so' USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION recommender_modelversion_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving constant text[] := ARRAY['state', 'share', 'move_id'];
    step text;
BEGIN
    IF TG_OP = 'INSERT' AND NEW.move_id IS NULL AND NEW.share = 0 AND (
        NEW.state = 'shipped' AND NEW.dataset_id IS NULL
        OR NEW.state = 'trained' AND EXISTS (
            SELECT FROM recommender_datasetversion d WHERE d.id = NEW.dataset_id AND d.state = 'ready'
        )
    ) THEN RETURN NEW; END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - moving = to_jsonb(OLD) - moving THEN
        IF OLD.state = 'trained' AND NEW.state = 'evaluated' AND NEW.move_id IS NULL AND EXISTS (
            SELECT FROM recommender_modelevaluation e WHERE e.model_id = NEW.id
        ) THEN RETURN NEW; END IF;
        SELECT m.kind INTO step FROM recommender_modelmove m
            WHERE m.id = NEW.move_id AND NEW.move_id IS DISTINCT FROM OLD.move_id AND m.model_id = NEW.id AND m.state = 'agreed'
                AND m.before = OLD.state AND m.after = NEW.state AND m.share = NEW.share;
        IF step = 'promotion'
            AND (OLD.state, NEW.state) IN (
                ('evaluated', 'shadow'), ('shadow', 'challenger'), ('challenger', 'challenger'), ('challenger', 'champion')
            ) AND (
                SELECT e.passed FROM recommender_modelevaluation e WHERE e.model_id = NEW.id ORDER BY e.id DESC LIMIT 1
            ) THEN RETURN NEW; END IF;
        IF step = 'rollback' AND (
            OLD.state = 'champion' AND NEW.state = 'retired'
            OR OLD.state = 'retired' AND NEW.state = 'champion' AND EXISTS (
                SELECT FROM recommender_modelmove m
                WHERE m.model_id = NEW.id AND m.kind = 'promotion' AND m.after = 'champion' AND m.state = 'agreed'
            )
        ) THEN RETURN NEW; END IF;
        IF step = 'retirement' AND OLD.state NOT IN ('shipped', 'retired') AND NEW.state = 'retired' THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'a model does not change so' USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION recommender_modelevaluation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The verdict is that of all its gates: one that failed cannot be kept as passed.
    IF TG_OP = 'INSERT' AND NEW.passed = (
        jsonb_array_length(NEW.gates) > 0 AND NOT EXISTS (
            SELECT FROM jsonb_array_elements(NEW.gates) g WHERE g->'passed' IS DISTINCT FROM 'true'::jsonb
        )
    ) THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'an evaluation does not change' USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION recommender_modelmove_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deciding constant text[] := ARRAY['state', 'reason', 'over_id', 'decided_by', 'decided_at'];
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = (CASE NEW.kind WHEN 'promotion' THEN 'asked' ELSE 'agreed' END) THEN RETURN NEW; END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'asked' AND NEW.state IN ('agreed', 'declined')
        AND to_jsonb(NEW) - deciding = to_jsonb(OLD) - deciding THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'a move does not change so' USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION recommender_retraining_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = 'due' THEN RETURN NEW; END IF;
    IF TG_OP = 'UPDATE' AND OLD.state IN ('due', 'running') THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'a retraining that has ended does not change' USING ERRCODE = 'restrict_violation';
END $$;
"""
DROP_GUARDS = "".join(f"DROP FUNCTION {table}_guard();" for table in MAY_UPDATE)


def _forward(table: str, columns: str) -> str:
    grant = f"GRANT UPDATE ({columns}) ON {table} TO aurora_app;" if columns else ""
    return (
        f"CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_guard();"
        f"CREATE TRIGGER guard_all BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_guard();"
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN "
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM aurora_app; {grant} END IF; END $$;"
    )


def _back(table: str) -> str:
    return (
        f"DROP TRIGGER guard ON {table}; DROP TRIGGER guard_all ON {table};"
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN "
        f"GRANT UPDATE, DELETE ON {table} TO aurora_app; END IF; END $$;"
    )


class Migration(migrations.Migration):
    dependencies = [("recommender", "0003_models")]
    operations = [
        migrations.RunSQL(GUARDS, DROP_GUARDS),
        *(migrations.RunSQL(_forward(table, columns), _back(table)) for table, columns in MAY_UPDATE.items()),
    ]
