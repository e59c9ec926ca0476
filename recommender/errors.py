"""What can go wrong in the recommender, each with a code, a sentence for people and whether trying again can help.

No message carries a fact's value: messages end in logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class RecommenderError(Exception):
    """Root of the recommender's errors; same shape as the platform's own (code, sentence, retryable)."""

    code: str = "recommender_error"
    retryable: bool = False

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class ProfileError(RecommenderError):
    """A profile holds an unknown fact key, or a value of the wrong type or out of range."""

    code = "profile_invalid"


class CatalogueError(RecommenderError):
    """A catalogue file is malformed: a language is missing, a rule does not compile, a fact is not known."""

    code = "catalogue_invalid"


class UnknownCatalogue(RecommenderError):
    """No catalogue of that version was ever in use here."""

    code = "catalogue_unknown"


class ImportRefused(RecommenderError):
    """A document to import is broken, too large, or not what it is said to be. Nothing of it is taken."""

    code = "import_refused"


class RuleError(RecommenderError):
    """An eligibility rule does not compile or names something that is not a known fact."""

    code = "rule_invalid"


class ArtefactError(RecommenderError):
    """A trained model is missing, damaged, or not the one its metadata describes."""

    code = "model_artefact_invalid"


class PolicyError(RecommenderError):
    """A policy was given what it may not place, or feedback from which nothing can be estimated as asked."""

    code = "policy_invalid"


class ArtefactAway(ArtefactError):
    """The storage that holds a model does not answer; another try can help."""

    code = "model_artefact_away"
    retryable = True


class RowError(RecommenderError):
    """A training row has another schema, or does not keep to its own."""

    code = "row_invalid"


class DatasetError(RecommenderError):
    """The committed extract of households cannot be read or built."""

    code = "dataset_invalid"


class ClusterAway(RecommenderError):
    """The cluster that models are trained on does not answer; another try can help."""

    code = "cluster_away"
    retryable = True


# What an owner is told of a package that is not taken; the API and docs/agency/evaluators.md name the same codes. Sentences name files,
# facts and operators of the package, never a value.
EVALUATOR_CODES: Mapping[str, str] = MappingProxyType(
    {
        "package_too_large": "The package, or one of its files, is larger than is taken.",
        "package_unreadable": "The package is not a zip file that can be read.",
        "package_layout": "The package does not hold contract.json, vectors.json and the contract's models in models/, and nothing else.",
        "signature_missing": "There is no signature beside the package.",
        "signature_unreadable": "The signature is not one of model signing with an elliptic-curve key or a certificate.",
        "signature_kind": "The signature was made with a key where a certificate is registered for this owner, or the other way round.",
        "signature_invalid": "The signature was not made over these files with the owner's registered key or certificate.",
        "certificate_chain": "The signature holds more certificates than are taken.",
        "certificate_time": "A certificate of the signature was not valid when the package came in.",
        "certificate_unfit": "A certificate of the signature is not one for signing, or its key or hash is too weak.",
        "certificate_foreign": "The signing certificate does not lead to the authority that is registered for this owner.",
        "certificate_identity": "The signing certificate is not of the identity that is registered for this owner.",
        "contract_invalid": "The contract does not keep to the schema.",
        "owner_unknown": "No signing key of this owner has been approved.",
        "owner_differs": "The contract names another owner than the one that registers it.",
        "version_exists": "This version has been registered already; a version is never changed.",
        "circular_inputs": "The model's result would come to rest on itself, through the inputs of other models.",
        "version_not_newer": "A newer version has been registered already; there is no way back to an older one.",
        "model_unreadable": "A model is not an ONNX model that can be read.",
        "model_too_large": "A model has more parts than is taken.",
        "external_data": "A model refers to data outside its own file.",
        "custom_operator": "A model uses an operator, a function or a domain that is not on the list.",
        "not_deterministic": "A model does not answer the same each time.",
        "model_shape": "A model's input or output is not what the contract says.",
        "model_fails": "A model cannot be run within the limits of memory and time.",
        "model_not_finite": "A model answers with something that is no number.",
        "model_out_of_bounds": "A model answers with a number that is no probability.",
        "vectors_invalid": "vectors.json does not keep to its form, or its facts do not fit the contract.",
        "vectors_differ": "The owner's test vectors are not met.",
        "artefact_damaged": "A file of the evaluator is missing or is not what was registered.",
        "key_unreadable": "The key is not a public key on the curve P-256 in PEM.",
        "anchor_unreadable": "The certificate is not exactly one in PEM that can be read.",
        "anchor_unfit": "The certificate is not one of a certificate authority that can be trusted now.",
        "identity_unreadable": "The identity is not subject:, dns:, email: or uri: with a name after it.",
        "key_taken": "The key is or was registered already.",
        "key_open": "Another key of this agency waits for its approval.",
        "same_person": "Another person must decide than the one who asked.",
        "wrong_state": "This has already been decided or ended.",
        "evaluator_unknown": "There is no such evaluator or key.",
        "unavailable": "The evaluator cannot be examined just now.",
    }
)

# What can go wrong when a released evaluator runs, and whether another try can help.
EVALUATION_CODES: Mapping[str, tuple[str, bool]] = MappingProxyType(
    {
        "timeout": ("The model did not answer in time.", True),
        "crashed": ("The model's process ended before it answered.", True),
        "busy": ("Another evaluation is running.", True),
        "unavailable": ("The evaluator's files could not be read just now.", True),
        "model_fails": ("The model could not be run.", False),
        "model_not_finite": ("The model answered with something that is no number.", False),
        "model_out_of_bounds": ("The model answered with a number that is no probability.", False),
        "artefact_damaged": ("A file of the evaluator is missing or is not what was registered.", False),
    }
)


# Why a dataset or a model of our own does not go the way that was asked for.
MODEL_CODES: Mapping[str, str] = MappingProxyType(
    {
        "dataset_unknown": "There is no such dataset.",
        "dataset_not_ready": "The dataset is not ready.",
        "dataset_open": "Another dataset is being collected.",
        "dataset_changed": "Rows of the dataset are gone since it was made, or are not those it was made of. Make a new one.",
        "dataset_too_small": "The dataset has too few rows to train on.",
        "model_unknown": "There is no such model.",
        "move_unknown": "There is no such step.",
        "wrong_state": "This has already been decided, or the model is in another state.",
        "same_person": "Another person must decide than the one who asked.",
        "not_evaluated": "The model has not been evaluated against the present champion.",
        "gates_failed": "The model has failed a gate.",
        "share_wrong": "The share of citizens must be above 0 and at most a half.",
        "already_asked": "A step has been asked for already.",
        "place_taken": "Another model is in that place. Retire it first.",
        "no_champion": "No model is champion: the one that came with the code suggests, and there is none before it.",
        "artefact_damaged": "A file of the model is missing or is not what was registered.",
        "signature_invalid": "The model's signature is not the platform's, or was made of another model.",
        "unavailable": "The model's files could not be read just now.",
    }
)


class ModelRefused(RecommenderError):
    """A step of a dataset or model is not made. `code` is one of MODEL_CODES."""

    def __init__(self, code: str) -> None:
        super().__init__(MODEL_CODES[code])
        self.code = code
        self.retryable = code == "unavailable"


class EvaluatorRefused(RecommenderError):
    """A package, a key or a decision about them is not taken. `code` is one of EVALUATOR_CODES, or the caller's own with its sentence."""

    def __init__(self, code: str, sentence: str | None = None) -> None:
        super().__init__(sentence or EVALUATOR_CODES[code])
        self.code = code
        self.retryable = code == "unavailable"


class EvaluatorFailed(RecommenderError):
    """A released evaluator gave no result. `code` is one of EVALUATION_CODES; `retryable` says whether another try can help."""

    def __init__(self, code: str) -> None:
        sentence, retryable = EVALUATION_CODES[code]
        super().__init__(sentence)
        self.code = code
        self.retryable = retryable
