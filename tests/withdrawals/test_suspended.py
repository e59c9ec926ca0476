"""A client that was suspended still hears that it is to delete, and can do nothing else until it works again."""

from __future__ import annotations

from django.utils import timezone

from consent.oauth.models import Client
from tests.support.cast import Cast
from tests.support.hostile_peer import Peer
from tests.withdrawals.told import PATH, confirmed, delivery, feed, granted, own_token, tell, withdrawn


def test_who_is_suspended_is_told_to_delete_and_confirms_when_let_in_again(cast: Cast, office_server: Peer) -> None:
    _, consent = granted(cast)
    token = own_token(cast)
    Client.objects.filter(client_id=cast.office.client_id).update(active=False)
    try:
        withdrawn(cast.cecilia, consent)
        row = delivery(cast.cecilia, consent)
        tell(row)
        [request] = office_server.asked(PATH)
        assert request.headers["webhook-id"] == str(row.pk)
        assert delivery(cast.cecilia, consent).state == "delivered"
        said = {"deleted_at": timezone.now().isoformat()}
        assert feed(cast, token).status_code == 401 and confirmed(cast, token, row.pk, said).status_code == 401
        assert delivery(cast.cecilia, consent).confirmed_at is None
    finally:
        Client.objects.filter(client_id=cast.office.client_id).update(active=True)
    assert confirmed(cast, token, row.pk, said).status_code == 200
    assert delivery(cast.cecilia, consent).deleted_at is not None
