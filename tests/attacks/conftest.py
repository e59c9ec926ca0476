"""The cast with real rows, and the e-ID and one source as real processes, for everything that strangers may try."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from aurora.identity import eid, keys
from aurora.identity.models import IdentityProvider
from aurora.sandbox import jose, launch
from aurora.sandbox.config import EID
from aurora.sandbox.provision import write_configs
from consent.models import Agency
from consent.oauth import clients
from tests.support.cast import REGISTER, Cast, made_cast
from tests.support.casting import cast
from tests.support.hostile_peer import Peer, listening, peer
from tests.support.relying import Relying

SECOND = dict.fromkeys(("fi", "sv", "en"), "Second office")
PUSHED = {"request_uri": "urn:ietf:params:oauth:request_uri:x", "expires_in": 60}
__all__ = ["cast", "committed_cast", "listening", "peer"]


@pytest.fixture(scope="package")
def committed_cast(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    folder = tmp_path_factory.mktemp("cast")
    with django_db_blocker.unblock(), made_cast(folder) as cast:
        configs = write_configs(cast.made, folder / "config")
        running = launch.start_all({name: configs[name] for name in (EID, REGISTER)}, state=folder / "state", urls=cast.urls)
        try:
            yield cast
        finally:
            launch.stop_all(running)


@pytest.fixture
def eid_of_ours(cast: Cast, peer: Peer) -> Iterator[Peer]:
    """An e-ID that counts, in the place of the real one."""
    peer.publishes()
    peer.says("/par", PUSHED, 201)
    before = IdentityProvider.objects.get(active=True)
    IdentityProvider.objects.update(active=False)
    sealed = keys.seal_for_platform(json.dumps(jose.new_key()).encode(), context=eid.key_context(peer.url))
    mine = IdentityProvider.objects.create(issuer=peer.url, client_id="aurora", key_sealed=sealed)
    try:
        yield peer
    finally:
        mine.delete()
        IdentityProvider.objects.filter(pk=before.pk).update(active=True)


@pytest.fixture
def first(cast: Cast) -> Relying:
    """The office, signing whatever it is told to."""
    office = cast.office
    return Relying(office.client_id, office.key, office.redirect_uri, office.purpose, office.categories)


@pytest.fixture
def second(cast: Cast) -> Relying:
    """A client of another agency, with a key of its own and a query in its redirect URI, as the conformance suite's second one has."""
    tag, key = uuid4().hex[:10], jose.new_key()
    agency = Agency.objects.create(code=f"second-{tag}", name=SECOND, roles=["data_user"])
    categories, redirect_uri = ["tax.income"], "https://second.example/callback?dummy1=lorem&dummy2=ipsum"
    clients.register(
        client_id=f"second-{tag}",
        agency=agency,
        name=SECOND,
        redirect_uris=[redirect_uri],
        jwks=jose.public_jwks(key),
        purposes=[cast.office.purpose],
        categories=categories,
    )
    return Relying(f"second-{tag}", key, redirect_uri, cast.office.purpose, categories)
