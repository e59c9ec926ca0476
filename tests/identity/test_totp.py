"""An operator's code counts now, once, and for nobody else."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

import pytest

from aurora.identity import keys, totp
from aurora.identity.models import Operator

NOW = 1_800_000_015.0
STEP = 30


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """What the clock says; change its one element."""
    clock = [NOW]
    monkeypatch.setattr(totp.time, "time", lambda: clock[0])
    yield clock


@pytest.fixture
def olavi(db: None) -> Operator:
    operator = Operator.objects.create(username="olavi", name="Olavi", roles=["operations"], password="!")
    totp.enrol(operator=operator, secret=totp.new_secret())
    operator.refresh_from_db()
    return operator


def secret_of(operator: Operator) -> bytes:
    assert operator.totp_secret_sealed is not None
    return keys.open_for_platform(operator.totp_secret_sealed, context=b"totp:" + operator.pk.bytes)


def code(operator: Operator, at: float) -> str:
    """As an authenticator computes it (RFC 6238 4.2, RFC 4226 5.3)."""
    digest = hmac.digest(secret_of(operator), (int(at) // STEP).to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


def verify(operator: Operator, said: str) -> bool:
    return totp.verify(operator=Operator.objects.get(pk=operator.pk), code=said)


@pytest.mark.parametrize(("seconds", "said"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")])
def test_the_vectors_of_rfc_6238(olavi: Operator, at: list[float], seconds: int, said: str) -> None:
    at[0] = seconds
    assert totp.verify(operator=olavi, code=said, secret=b"12345678901234567890")


@pytest.mark.parametrize(("steps", "counts"), [(-3, False), (-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_counts_in_its_own_step_and_its_neighbours(olavi: Operator, at: list[float], steps: int, counts: bool) -> None:
    assert verify(olavi, code(olavi, NOW + steps * STEP)) is counts


def test_a_code_counts_once(olavi: Operator, at: list[float]) -> None:
    said = code(olavi, NOW)
    assert verify(olavi, said) and not verify(olavi, said)
    at[0] += STEP
    assert not verify(olavi, said), "nor in the next step, whose neighbour it is"


def test_no_code_older_than_one_that_was_used_counts(olavi: Operator, at: list[float]) -> None:
    older, newer = code(olavi, NOW - STEP), code(olavi, NOW + STEP)
    assert verify(olavi, newer) and not verify(olavi, older) and not verify(olavi, code(olavi, NOW))


def test_a_code_from_a_fast_clock_does_not_count_again_when_its_time_comes(olavi: Operator, at: list[float]) -> None:
    early = code(olavi, NOW + STEP)
    assert verify(olavi, early)
    at[0] += STEP
    assert not verify(olavi, early)
    at[0] += STEP
    assert verify(olavi, code(olavi, at[0]))


@pytest.mark.parametrize("said", ["", "12345", "1234567", "abcdef", "12 456", "²²²²²²", "١٢٣٤٥٦", "-12345", "1e4567", "000000\n"])
def test_what_is_no_code_is_wrong(olavi: Operator, at: list[float], said: str) -> None:
    assert not verify(olavi, said)


def test_a_code_of_another_operator_is_wrong(olavi: Operator, at: list[float]) -> None:
    pia = Operator.objects.create(username="pia", name="Pia", roles=["auditor"], password="!")
    assert not verify(pia, code(olavi, NOW)), "without a secret nothing counts"
    totp.enrol(operator=pia, secret=totp.new_secret())
    assert not verify(pia, code(olavi, NOW)) and verify(olavi, code(olavi, NOW))


def test_a_secret_moved_to_another_operator_does_not_open(olavi: Operator, at: list[float]) -> None:
    pia = Operator.objects.create(username="pia", name="Pia", roles=["auditor"], password="!", totp_secret_sealed=olavi.totp_secret_sealed)
    with pytest.raises(keys.KeyUnavailable):
        verify(pia, code(olavi, NOW))


def test_the_secret_shows_in_its_uri_only(olavi: Operator) -> None:
    secret = secret_of(olavi)
    assert totp.from_text(totp.as_text(secret)) == secret and len(secret) == 20
    assert totp.as_text(secret) in totp.uri(secret=secret, username="olavi & co")
    assert totp.as_text(secret) not in repr(olavi) + str(olavi) and secret not in bytes(olavi.totp_secret_sealed or b"")


def test_of_two_enrolments_at_once_the_first_stays(db: None) -> None:
    """Two sessions that had both been told to enrol: what the second holds would lock the first one out."""
    pia = Operator.objects.create(username="pia", name="Pia", roles=["auditor"], password="!")
    first, second = totp.new_secret(), totp.new_secret()
    stale = Operator.objects.get(pk=pia.pk)
    assert totp.enrol(operator=pia, secret=first) and not totp.enrol(operator=stale, secret=second)
    pia.refresh_from_db()
    assert secret_of(pia) == first
