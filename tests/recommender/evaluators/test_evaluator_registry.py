"""What is registered is locked; two people release it; there is no way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import Error, connection, transaction

from recommender.errors import EvaluatorRefused
from recommender.evaluators import artefacts, registry, run
from recommender.models import EvaluatorOwner, EvaluatorVersion
from tests.portal.at_once import in_thread
from tests.support import evaluators as owner

pytestmark = pytest.mark.django_db
LATER = owner.NOW + timedelta(hours=1)
DECIDED = {"now": LATER, "by": owner.APPROVER}


def refused(code: str) -> pytest.RaisesExc[EvaluatorRefused]:
    return pytest.RaisesExc(EvaluatorRefused, check=lambda e: e.code == code)


@dataclass(frozen=True)
class Signed:
    package: bytes
    signature: bytes


@pytest.fixture(scope="module")
def signed() -> Signed:
    package = owner.package()
    return Signed(package, owner.sign(package))


def register(signed: Signed, **changes: object) -> EvaluatorVersion:
    return registry.register(**{"owner": "hospital", "package": signed.package, "signature": signed.signature, "now": owner.NOW, **changes})


def test_a_package_is_registered_released_by_two_and_run(signed: Signed) -> None:
    owner.allowed()
    seen = []
    version = register(signed, check=lambda contract: seen.append(contract.categories))
    assert seen == [("hospital.surgery",)]
    assert (version.name, version.state, version.purpose) == ("hospital/hip-risk/1", "registered", "surgery-risk")
    assert version.vectors_run == 12
    assert 0 <= version.vectors_difference <= 1e-5
    assert registry.released() == []
    registry.ask_release(version_id=version.pk, by=owner.ASKER, now=LATER)
    out = registry.release(version_id=version.pk, **DECIDED)
    assert (out.version, out.replaced, registry.released()) == (version, None, [version])
    result = run.evaluate(out.version, owner.FIT)
    assert isinstance(result, run.Result)
    assert result.values["infection"] == pytest.approx(owner.answer(owner.FIT), abs=1e-6)
    assert result.package_sha256 == version.package_sha256
    with refused("version_exists"):
        register(signed)


def test_what_a_caller_does_not_like_is_not_registered(signed: Signed) -> None:
    owner.allowed()

    def check(contract: object) -> None:
        raise EvaluatorRefused("unknown_fact", "The vocabulary has no such fact.")

    with refused("unknown_fact"):
        register(signed, check=check)
    assert not EvaluatorVersion.objects.exists()


def test_only_with_the_key_that_two_approved_for_that_agency(signed: Signed) -> None:
    with refused("owner_unknown"):
        register(signed)
    asked = registry.ask_owner(agency="hospital", public_key=owner.key()[1], by=owner.ASKER, now=owner.NOW)
    with refused("owner_unknown"):
        register(signed)
    registry.decline_owner(owner_id=asked.pk, **DECIDED)
    with refused("owner_unknown"):
        register(signed)
    owner.allowed(public=owner.key(1)[1])
    with refused("signature_invalid"):
        register(signed)


def test_another_agencys_contract_is_refused(signed: Signed) -> None:
    owner.allowed("clinic")
    with refused("owner_differs"):
        register(signed, owner="clinic")


def test_no_way_back_to_an_older_version(signed: Signed) -> None:
    owner.registered(owner.document(version=2))
    with refused("version_not_newer"):
        register(signed)
    # Nor past the code.
    with pytest.raises(Error, match="locked"), transaction.atomic():
        owner.registered(owner.document(version=1))


def test_a_version_that_was_passed_over_is_not_released_later() -> None:
    first, second = owner.registered(), owner.registered(owner.document(version=2))
    for version in (second, first):
        registry.ask_release(version_id=version.pk, by=owner.ASKER, now=LATER)
    rows = EvaluatorVersion.objects.filter(pk=second.pk)
    rows.update(state="released", released_by=owner.APPROVER, released_at=LATER)
    registry.retire(version_id=second.pk, reason="worse", **DECIDED)
    with pytest.MonkeyPatch.context() as patch, refused("version_not_newer"):
        patch.setattr(registry.examine, "verify", lambda *a: None)
        registry.release(version_id=first.pk, **DECIDED)
    with pytest.raises(Error, match="locked"), transaction.atomic():
        EvaluatorVersion.objects.filter(pk=first.pk).update(state="released", released_by=owner.APPROVER, released_at=LATER)


@pytest.fixture
def unsigned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Releases without the second verification, where another thing is tested."""
    monkeypatch.setattr(registry.examine, "verify", lambda *a: None)


@pytest.mark.usefixtures("unsigned")
def test_releasing_retires_the_version_before_it() -> None:
    first, second = owner.released(), owner.registered(owner.document(version=2))
    other = owner.released(owner.document(identifier="knee-risk"))
    registry.ask_release(version_id=second.pk, by=owner.ASKER, now=LATER)
    out = registry.release(version_id=second.pk, **DECIDED)
    assert out.replaced == first
    first.refresh_from_db()
    assert (first.state, first.closed_by, first.reason) == ("retired", owner.APPROVER, "replaced by version 2")
    assert registry.released() == [second, other]


@pytest.mark.usefixtures("unsigned")
def test_nobody_else_releases_or_registers_the_same_evaluator_meanwhile() -> None:
    """Another version's key does not hold them up: it may be another key."""
    version = owner.registered()
    registry.ask_release(version_id=version.pk, by=owner.ASKER, now=LATER)

    def free(identifier: str) -> object:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"evaluator hospital/{identifier}"])
            return cursor.fetchone()[0]

    def of_another_connection() -> list[object]:
        thread, found = in_thread(lambda: [free("hip-risk"), free("knee-risk")])
        thread.join()
        return found

    with transaction.atomic():
        registry.release(version_id=version.pk, **DECIDED)
        assert of_another_connection() == [[False, True]]


@pytest.mark.usefixtures("unsigned")
def test_who_asks_does_not_release() -> None:
    version = owner.registered()
    registry.ask_release(version_id=version.pk, by=owner.ASKER, now=LATER)
    with refused("same_person"):
        registry.release(version_id=version.pk, by=owner.ASKER, now=LATER)
    with pytest.raises(Error, match="two_people"), transaction.atomic():
        EvaluatorVersion.objects.filter(pk=version.pk).update(state="released", released_by=owner.ASKER, released_at=LATER)


@pytest.mark.usefixtures("unsigned")
@pytest.mark.parametrize(
    ("state", "moves"),
    [("registered", "ask decline"), ("asked", "release decline"), ("released", "retire"), ("retired", ""), ("declined", "")],
)
def test_every_move_from_every_state(state: str, moves: str) -> None:
    version = owner.registered()
    before = {
        "asked": ("ask",),
        "released": ("ask", "release"),
        "retired": ("ask", "release", "retire"),
        "declined": ("decline",),
    }
    act = {
        "ask": lambda: registry.ask_release(version_id=version.pk, by=owner.ASKER, now=LATER),
        "release": lambda: registry.release(version_id=version.pk, **DECIDED),
        "decline": lambda: registry.decline(version_id=version.pk, reason="no", **DECIDED),
        "retire": lambda: registry.retire(version_id=version.pk, reason="no", **DECIDED),
    }
    for step in before.get(state, ()):
        act[step]()
    for name, move in act.items():
        if name not in moves.split():
            with refused("wrong_state"):
                move()
    version.refresh_from_db()
    assert version.state == state
    for name in moves.split()[:1]:
        act[name]()


def test_what_is_not_there_is_not_there() -> None:
    with refused("evaluator_unknown"):
        registry.get(uuid4())
    with refused("evaluator_unknown"):
        registry.retire(version_id=uuid4(), reason="", **DECIDED)
    with refused("evaluator_unknown"):
        registry.approve_owner(owner_id=uuid4(), **DECIDED)


def test_release_verifies_the_files_anew(signed: Signed) -> None:
    """A signature that does not hold, and a file that was changed where it lies."""
    version = owner.registered()
    registry.ask_release(version_id=version.pk, by=owner.ASKER, now=LATER)
    with refused("signature_unreadable"):
        registry.release(version_id=version.pk, **DECIDED)
    damage(version.files["contract.json"])
    with refused("artefact_damaged"):
        registry.release(version_id=version.pk, **DECIDED)
    version.refresh_from_db()
    assert version.state == "asked"


def damage(sha256: str) -> None:
    content = artefacts.load(sha256)
    default_storage.delete(artefacts.path(sha256))
    default_storage.save(artefacts.path(sha256), ContentFile(content[:-1] + bytes([content[-1] ^ 1])))


def test_a_damaged_file_is_refused_and_replaced_by_the_right_one() -> None:
    sha256 = artefacts.keep(b"a model")
    damage(sha256)
    with refused("artefact_damaged"):
        artefacts.load(sha256)
    assert artefacts.keep(b"a model") == sha256
    assert artefacts.load(sha256) == b"a model"
    default_storage.delete(artefacts.path(sha256))
    with refused("artefact_damaged"):
        artefacts.load(sha256)


@pytest.mark.parametrize(
    "away", [TimeoutError(), PermissionError(), RuntimeError("of the storage's own library")], ids=lambda e: type(e).__name__
)
def test_a_file_that_cannot_be_read_just_now_is_not_damaged(away: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = artefacts.keep(b"a model")

    def fail(*args: object) -> None:
        raise away

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "open", fail)
        for act in (lambda: artefacts.load(sha256), lambda: artefacts.keep(b"a model")):
            with refused("unavailable"):
                act()
    assert artefacts.load(sha256) == b"a model"  # not taken for damaged, and deleted
    with monkeypatch.context() as patch, refused("unavailable"):
        patch.setattr(default_storage, "save", fail)
        artefacts.keep(b"another model")


@pytest.mark.parametrize(
    "change",
    [
        {"contract_json": {"version": 1}},
        {"package_sha256": "0" * 64},
        {"signature": b"other"},
        {"version": 7},
        {"registered_at": LATER},
        {"files": {}},
        {"state": "released", "asked_by": owner.ASKER, "released_by": owner.APPROVER, "released_at": LATER},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_version_is_locked_for_the_tables_owner_too(change: dict[str, object]) -> None:
    version = owner.registered()
    with pytest.raises(Error, match="permission denied|locked"), transaction.atomic():
        EvaluatorVersion.objects.filter(pk=version.pk).update(**change)
    with pytest.raises(Error, match="permission denied"), transaction.atomic():
        EvaluatorVersion.objects.filter(pk=version.pk)._raw_delete("default")


def test_the_service_may_write_the_columns_of_a_move_and_no_other() -> None:
    """Of the role itself: the trigger would hide a right too many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.column_privileges WHERE grantee = 'aurora_app' "
            "AND privilege_type = 'UPDATE' AND table_name LIKE 'recommender_evaluator%%'"
        )
        found: dict[str, set[str]] = {}
        for table, column in cursor.fetchall():
            found.setdefault(table, set()).add(column)
        cursor.execute(
            "SELECT table_name, privilege_type FROM information_schema.table_privileges "
            "WHERE grantee = 'aurora_app' AND table_name LIKE 'recommender_evaluator%%'"
        )
        whole = set(cursor.fetchall())
    closing = {"state", "closed_by", "closed_at"}
    assert found == {
        "recommender_evaluatorowner": closing | {"decided_by", "decided_at", "closed_reason"},
        "recommender_evaluatorversion": closing | {"asked_by", "asked_at", "released_by", "released_at", "reason"},
    }
    assert whole == {(table, right) for table in found for right in ("SELECT", "INSERT")}


def test_a_key_takes_two_people_and_a_newer_one_replaces_it() -> None:
    asked = registry.ask_owner(agency="hospital", public_key=owner.key()[1], by=owner.ASKER, now=owner.NOW, reason="letter 12")
    with refused("same_person"):
        registry.approve_owner(owner_id=asked.pk, by=owner.ASKER, now=LATER)
    with pytest.raises(Error, match="two_people"), transaction.atomic():
        EvaluatorOwner.objects.filter(pk=asked.pk).update(state="approved", decided_by=owner.ASKER, decided_at=LATER)
    with refused("key_open"):
        registry.ask_owner(agency="hospital", public_key=owner.key(1)[1], by=owner.ASKER, now=LATER)
    first = registry.approve_owner(owner_id=asked.pk, **DECIDED)
    version = owner.released()
    with refused("wrong_state"):
        registry.approve_owner(owner_id=asked.pk, **DECIDED)
    second = owner.allowed(public=owner.key(1)[1])
    first.refresh_from_db()
    assert (first.state, second.state, registry.released()) == ("replaced", "approved", [version])
    with refused("key_taken"):
        registry.ask_owner(agency="clinic", public_key=owner.key()[1], by=owner.ASKER, now=LATER)


def test_a_revoked_key_takes_what_it_signed_with_it_and_never_comes_back() -> None:
    key = owner.allowed()
    runs, waits = owner.released(), owner.registered(owner.document(identifier="knee-risk"))
    registry.ask_release(version_id=waits.pk, by=owner.ASKER, now=LATER)
    revoked, retired = registry.revoke_owner(owner_id=key.pk, by=owner.ASKER, reason="stolen", now=LATER)
    waits.refresh_from_db()
    assert (revoked.state, retired, waits.state) == ("revoked", [runs], "declined")
    assert (retired[0].state, retired[0].reason, registry.released()) == ("retired", "stolen", [])
    with refused("key_taken"):
        registry.ask_owner(agency="hospital", public_key=owner.key()[1], by=owner.ASKER, now=LATER)
    with refused("wrong_state"):
        registry.revoke_owner(owner_id=key.pk, by=owner.ASKER, reason="again", now=LATER)
    with pytest.raises(Error, match="locked"), transaction.atomic():
        owner.registered(owner.document(version=2), owner=key)


def test_a_replaced_key_can_be_revoked_too() -> None:
    key = owner.allowed()
    version = owner.released()
    owner.allowed(public=owner.key(1)[1])
    _, retired = registry.revoke_owner(owner_id=key.pk, by=owner.ASKER, reason="stolen", now=LATER)
    assert retired == [version]


@pytest.mark.parametrize(
    "pem",
    ["", "no key", "é", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "x" * 5000],
    ids=["empty", "text", "letters", "damaged", "long"],
)
def test_a_key_that_is_none_is_refused(pem: str) -> None:
    with refused("key_unreadable"):
        registry.ask_owner(agency="hospital", public_key=pem, by=owner.ASKER, now=owner.NOW)


@pytest.mark.parametrize("kind", ["private", "p384", "ed25519"])
def test_a_key_of_another_kind_is_refused(kind: str) -> None:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if kind == "private":
        pem = owner.key()[0]
    else:
        made = ec.generate_private_key(ec.SECP384R1()) if kind == "p384" else ed25519.Ed25519PrivateKey.generate()
        pem = made.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo).decode()
    with refused("key_unreadable"):
        registry.ask_owner(agency="hospital", public_key=pem, by=owner.ASKER, now=owner.NOW)


def test_the_same_key_in_another_writing_is_the_same_key() -> None:
    owner.allowed()
    with refused("key_taken"):
        registry.ask_owner(agency="clinic", public_key="Our key:\n" + owner.key()[1], by=owner.ASKER, now=owner.NOW)
