"""An owner that is let in by its authority: its certificates come and go, two people are needed for anchor and identity only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import Error, transaction

from recommender.errors import EvaluatorRefused
from recommender.evaluators import registry
from recommender.models import EvaluatorOwner
from tests.support import authority as ca
from tests.support import evaluators as owner

pytestmark = pytest.mark.django_db
LATER = owner.NOW + timedelta(hours=1)
YEAR_LATER = owner.NOW + timedelta(days=365)
DECIDED = {"now": LATER, "by": owner.APPROVER}
ROOT = ca.root(days=(-1, 3000))
OTHER = "dns:models.clinic.example"


def refused(code: str) -> pytest.RaisesExc[EvaluatorRefused]:
    return pytest.RaisesExc(EvaluatorRefused, check=lambda e: e.code == code)


def ask(anchor: ca.Made = ROOT, identity: str = ca.IDENTITY, agency: str = "hospital") -> EvaluatorOwner:
    return registry.ask_authority(agency=agency, anchor=anchor.pem, identity=identity, by=owner.ASKER, now=LATER)


def test_a_package_is_registered_and_released_when_its_certificate_has_expired() -> None:
    """In the models' processes. The next version is signed with the next certificate, and nobody is asked; and not with the old one."""
    allowed = ca.allowed(ROOT)
    package, old = owner.package(), ca.leaf(ROOT)
    version = registry.register(owner="hospital", package=package, signature=ca.sign(package, old, [ROOT]), now=owner.NOW)
    assert version.owner == allowed
    registry.ask_release(version_id=version.pk, by=owner.ASKER, now=LATER)
    registry.release(version_id=version.pk, by=owner.APPROVER, now=YEAR_LATER)
    assert registry.released() == [version]
    second = owner.package(owner.document(version=2))
    with refused("certificate_time"):
        registry.register(owner="hospital", package=second, signature=ca.sign(second, old, [ROOT]), now=YEAR_LATER)
    new = ca.sign(second, ca.leaf(ROOT, days=(360, 390)), [ROOT])
    assert registry.register(owner="hospital", package=second, signature=new, now=YEAR_LATER).version == 2


def test_a_key_and_certificates_do_not_stand_in_for_each_other() -> None:
    package = owner.package()
    owner.allowed()
    with refused("signature_kind"):
        registry.register(owner="hospital", package=package, signature=ca.sign(package, ca.leaf(ROOT), [ROOT]), now=owner.NOW)
    ca.allowed(ROOT)
    with refused("signature_kind"):
        registry.register(owner="hospital", package=package, signature=owner.sign(package), now=owner.NOW)


def test_two_people_let_an_authority_in() -> None:
    asked = ask()
    assert (asked.state, asked.identity, asked.anchor) == ("asked", ca.IDENTITY, ROOT.pem)
    with refused("same_person"):
        registry.approve_owner(owner_id=asked.pk, by=owner.ASKER, now=LATER)
    assert registry.approve_owner(owner_id=asked.pk, **DECIDED).state == "approved"


def test_an_authority_serves_many_each_by_an_identity() -> None:
    ca.allowed(ROOT)
    with refused("key_taken"):
        ask(agency="clinic")
    with refused("key_taken"):
        ask(identity="dns:Models.Hospital.example")
    assert ask(identity=OTHER, agency="clinic").state == "asked"


def test_a_key_is_not_taken_twice_under_another_form() -> None:
    """What signs itself is neither the authority of somebody nor the other way round."""
    one = ca.root()
    public = one.key.public_key().public_bytes(ca.s.Encoding.PEM, ca.s.PublicFormat.SubjectPublicKeyInfo).decode()
    revoked = registry.revoke_owner(owner_id=owner.allowed(public=public).pk, by=owner.ASKER, reason="stolen", now=LATER)
    assert revoked[0].state == "revoked"
    with refused("key_taken"):
        ask(one)
    ca.allowed(ROOT)
    public = ROOT.key.public_key().public_bytes(ca.s.Encoding.PEM, ca.s.PublicFormat.SubjectPublicKeyInfo).decode()
    with refused("key_taken"):
        registry.ask_owner(agency="clinic", public_key=public, by=owner.ASKER, now=LATER)


def test_an_authority_renews_its_certificate() -> None:
    """With the same key and for the same owner and identity, while it is not revoked; and then all of it goes."""
    first = ca.allowed(ROOT)
    runs = owner.released()
    renewed = ca.root(key=ROOT.key, days=(-1, 4000))
    with refused("key_taken"):
        ask()  # the very same
    with refused("key_taken"):
        ask(renewed, agency="clinic")
    second = registry.approve_owner(owner_id=ask(renewed).pk, **DECIDED)
    first.refresh_from_db()
    assert (first.state, second.state, registry.released()) == ("replaced", "approved", [runs])
    revoked, retired = registry.revoke_owner(owner_id=second.pk, by=owner.ASKER, reason="stolen", now=LATER)
    first.refresh_from_db()
    assert (revoked.state, first.state, retired, registry.released()) == ("revoked", "revoked", [runs], [])
    with refused("key_taken"):
        ask(ca.root(key=ROOT.key, days=(-1, 5000)))


def test_what_was_asked_for_while_it_was_revoked_is_not_approved() -> None:
    first = ca.allowed(ROOT)
    asked = ask(ca.root(key=ROOT.key, days=(-1, 4000)))
    registry.revoke_owner(owner_id=first.pk, by=owner.ASKER, reason="stolen", now=LATER)
    asked.refresh_from_db()
    assert asked.state == "declined"
    # One whose asking the revoking did not see, since both went on at once.
    late = EvaluatorOwner.objects.create(
        agency="hospital", public_key=first.public_key, key_sha256=first.key_sha256, anchor="a", identity=first.identity,
        asked_by=owner.ASKER, asked_at=LATER,
    )  # fmt: skip
    with refused("key_taken"):
        registry.approve_owner(owner_id=late.pk, **DECIDED)


def test_revoking_retires_what_it_signed_and_another_identity_goes_on() -> None:
    hospital, runs = ca.allowed(ROOT), owner.released()
    clinic = ca.allowed(ROOT, OTHER, agency="clinic")
    waits = owner.registered(owner.document(identifier="knee-risk"))
    _, retired = registry.revoke_owner(owner_id=hospital.pk, by=owner.ASKER, reason="stolen", now=LATER)
    waits.refresh_from_db()
    clinic.refresh_from_db()
    assert (retired, waits.state, clinic.state) == ([runs], "declined", "approved")
    package = owner.package()
    with refused("owner_unknown"):
        registry.register(owner="hospital", package=package, signature=b"{}", now=LATER)


@pytest.mark.parametrize("change", [{"anchor": "other"}, {"identity": OTHER}, {"anchor": "", "identity": ""}], ids=lambda c: "-".join(c))
def test_anchor_and_identity_never_change(change: dict[str, str]) -> None:
    allowed = ca.allowed(ROOT)
    with pytest.raises(Error, match="permission denied|does not change"), transaction.atomic():
        EvaluatorOwner.objects.filter(pk=allowed.pk).update(**change)


@pytest.mark.parametrize("columns", [{"anchor": "a"}, {"identity": "dns:a.b"}], ids=lambda c: "-".join(c))
def test_an_authority_without_identity_is_none(columns: dict[str, str]) -> None:
    with pytest.raises(Error, match="key_or_authority"), transaction.atomic():
        EvaluatorOwner.objects.create(
            agency="hospital", public_key="k", key_sha256="0" * 64, asked_by=owner.ASKER, asked_at=owner.NOW, **columns
        )


@pytest.mark.parametrize(("identity", "code"), [("", "identity_unreadable"), ("hospital", "identity_unreadable")])
def test_what_says_nobody_is_not_asked_for(identity: str, code: str) -> None:
    with refused(code):
        ask(identity=identity)
    with refused("anchor_unfit"):
        ask(ca.leaf(ROOT))
