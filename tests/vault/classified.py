"""What the plain columns of rows about citizens are. A column that is not here, or no more, fails `test_columns.py`.

sealed      opens with the citizen's key, or with the platform's
code        one of a published vocabulary or of the code's own: category, purpose, source, language, error
keyed       found by an HMAC with a key of the platform's: nobody without the key can try values out. Goes with the citizen
opaque      found by an HMAC with a key of the citizen's own, which goes with them: then it can be matched with nothing, in no copy
digest      of a random secret of ours, or of something with a salt that goes with the citizen: tells nothing without it
link        of a random or keyed kind: leads from one row to another, or from a client to a row. Goes with the citizen
proof       a commitment of the log: random to whoever has not the salt, which is sealed. Stays when the citizen is erased
counted     numbers and codes only, in JSON
told        in plain words, and therefore gone when the citizen is (docs/decisions/vault.md lists these)
"""

from __future__ import annotations

CLASSES = {"sealed", "code", "keyed", "opaque", "digest", "link", "proof", "counted", "told"}

COLUMNS: dict[str, dict[str, str]] = {
    "identity.Citizen": {"subject_hmac": "keyed", "national_id_sealed": "sealed", "name_sealed": "sealed", "language": "code"},
    # What it holds is signed, and leads to a citizen by their id; it goes within a day.
    "identity.Session": {"session_key": "link", "session_data": "link", "account": "keyed"},
    "identity.DataKey": {"wrapped": "sealed", "marking_wrapped": "sealed", "kek_id": "code"},
    "identity.FormerKey": {"wrapped": "sealed", "kek_id": "code"},
    "consent.ConsentRecord": {
        "categories": "code", "category_versions": "counted", "withdrawn": "code", "ended_by": "code", "outdated_told": "code", "spent": "code",
    },
    "consent.ConsentEvent": {"categories": "code", "by": "code", "reason": "code"},
    "consent.Mandate": {"attorney_digest": "keyed", "invited_sealed": "sealed", "meant": "counted", "evidence": "counted", "themes": "code"},
    "consent.Receipt": {"language": "code", "digest": "digest", "sealed": "sealed"},
    "consent_breakglass.Request": {
        "reason": "code", "case": "told", "text_sealed": "sealed", "who_digest": "keyed", "categories": "code", "review_sealed": "sealed",
    },
    "consent_breakglass.Read": {"categories": "code"},
    "consent_concerns.Concern": {
        "about": "code", "language": "code", "event": "code", "decision": "code", "purpose": "code", "categories": "code",
    },
    "consent_concerns.ConcernPart": {"sealed": "sealed"},
    "consent_oauth.AccessToken": {"digest": "digest", "detail": "counted", "jkt": "link", "audience": "code"},
    "consent_oauth.AuthorizationCode": {
        "digest": "digest", "redirect_uri": "code", "code_challenge": "digest", "resource": "code", "dpop_jkt": "link",
    },
    "consent_oauth.RefreshToken": {"digest": "digest"},
    "consent_oauth.PushedRequest": {"digest": "digest", "params": "counted", "interaction": "digest"},
    "consent_uses.Account": {"subject_digest": "keyed", "poll_error": "code"},
    "consent_uses.Batch": {"digest": "told", "kept_back": "link"},
    "consent_uses.Finding": {"differs": "code"},
    "consent_uses.UsageReport": {
        "receiver_code": "code", "purpose": "code", "categories": "code", "digest": "told", "core_digest": "told", "sealed": "sealed",
    },
    "consent_webhooks.Delivery": {"categories": "code", "payload": "told", "error": "code", "kept": "counted"},
    "ledger.LedgerEntry": {
        "prev": "proof", "commitment": "proof", "event": "code", "actor": "code", "purpose": "code", "categories": "code", "decision": "code",
        "source": "code", "sealed": "sealed",
    },
    "ledger.Head": {"prev": "proof", "commitment": "proof"},
    "ledger.Pending": {"commitment": "proof"},
    "ledger.Leaf": {"commitment": "proof"},
    "ledger.KeptBack": {"agency": "code", "law": "code", "sealed": "sealed", "longer_sealed": "sealed"},
    "ledger.Erasure": {"head": "proof"},
    "recommender.DatasetConsent": {"commitment": "proof"},
    "sources.Connection": {"access_token_sealed": "sealed", "refresh_token_sealed": "sealed", "context_sealed": "sealed"},
    "sources.ConnectAttempt": {"state_digest": "digest", "verifier_sealed": "sealed", "choices": "counted"},
    "sources.Pull": {"error": "code"},
    "sources.PullPart": {"category": "code", "error": "code"},
    "sources.Feed": {"category": "code", "mark_sealed": "sealed", "error": "code"},
    "pushes.Batch": {"digest": "told", "results": "counted"},
    "twin.Fact": {"category": "code", "mark": "opaque", "sealed": "sealed", "source": "code"},
    "twin.FactChoice": {"concept": "code", "category": "code", "mark": "opaque", "source": "code", "sealed": "sealed"},
    "twin.Feedback": {"service": "code", "sealed": "sealed"},
    "twin.TrainingRow": {"categories": "code", "commitment": "proof", "sealed": "sealed"},
    "twin.SuggestionRun": {"basis": "told", "sealed": "sealed"},
    "twin.Evaluation": {"purpose": "code", "categories": "code", "code": "code", "basis": "told", "sealed": "sealed"},
    "aurora_messages.Message": {"key": "link", "sealed": "sealed"},
    "aurora_messages.MailAddress": {"sealed": "sealed", "digest": "digest"},
    "aurora_messages.Mail": {"error": "code"},
    "aurora_messages.Reminder": {"kind": "code"},
    # Of nobody who is known here: what somebody said of the pages, and where they want an answer.
    "accessibility.Report": {
        "reference": "link", "language": "code", "sealed": "sealed", "answer_sealed": "sealed", "closing_sealed": "sealed",
    },
    "corrections.Correction": {
        "source": "code", "category": "code", "mark": "opaque", "language": "code", "sealed": "sealed", "answer_sealed": "sealed",
    },
    "exports.Export": {
        "language": "code", "code": "code", "part": "code", "sha256": "digest", "salt": "digest", "key_sealed": "sealed", "lock": "digest",
    },
    "erasures.Erasure": {
        "code": "code", "language": "code", "steps": "counted", "counts": "counted", "key": "counted", "held": "code", "secret_digest": "digest",
        "certificate": "told",
    },
}  # fmt: skip

NOBODYS = {
    # Vocabulary, agencies, operators, catalogue, models, totals of many: no row of one citizen, and nothing that leads to one.
    "consent.Agency", "consent.AgencyDraft", "consent.AgencyVersion", "consent.Purpose", "consent.PurposeVersion", "consent.DataCategory", "consent.DataCategoryVersion",
    "consent.MeaningChange", "consent.Notice", "consent_oauth.Client", "consent_oauth.ClientDraft", "consent_oauth.ClientKeySet",
    "consent_oauth.ClientToken", "consent_oauth.SandboxClient", "consent_oauth.SandboxRequest", "consent_webhooks.Ping", "consent_oauth.UsedAssertion", "consent_oauth.UsedProof", "consent_oauth.ProofMemory", "consent_breakglass.Alarm",
    "consent_webhooks.SourceEnding", "consent_transparency.Publication", "consent_transparency.Figure", "consent_transparency.Standing", "consent_transparency.RoundingKey", "consent_uses.Scanned",
    "ledger.Witness", "ledger.Cosignature", "ledger.Alarm", "ledger.Former", "ledger.Tile", "ledger.Checkpoint", "ledger.Key", "ledger.DelayPermission",
    "recommender.DatasetVersion", "recommender.ModelVersion", "recommender.ModelEvaluation", "recommender.ModelMove", "recommender.Retraining",
    "recommender.EvaluatorOwner", "recommender.EvaluatorVersion", "catalogue.ServiceVersion", "catalogue.CatalogueVersion", "catalogue.CatalogueUse",
    "catalogue.CatalogueItem", "catalogue.ImportDraft", "catalogue.SearchEntry", "catalogue.SearchWord", "catalogue.SearchTrigram", "monitoring.MonitoringReport",
    "identity.Operator", "identity.OperatorRequest", "identity.Enrolment", "audit.OperatorDeed", "audit.TrailHead", "telemetry.Heartbeat", "identity.IdentityProvider", "sources.DataSource", "sources.Pace", "sources.Breaker", "twin.OutcomeReport",
}  # fmt: skip
