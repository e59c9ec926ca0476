"""Who a session belongs to. Citizens come by the e-ID, operators by password and second factor; the two never mix."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import check_password, make_password
from django.db.models import BooleanField, Exists, IntegerField, OuterRef
from django.db.models.expressions import RawSQL
from django.http import HttpRequest

from aurora.identity import citizens
from aurora.identity.models import Citizen, Operator
from consent import mandates
from consent.errors import AuroraError
from consent.scope import citizen_scope

# For the frame of every page, in the statement that is needed anyway. The table is that of `aurora.messages`, which stands above this room.
_UNREAD = RawSQL(
    "(SELECT count(*) FROM aurora_messages_message m WHERE m.citizen_id = identity_citizen.id AND m.read_at IS NULL)", [], IntegerField()
)

# Whether they leave: the table is that of `aurora.erasures`, above this room too.
_LEAVING = RawSQL("EXISTS (SELECT FROM erasures_leaver l WHERE l.citizen_id = identity_citizen.id)", [], BooleanField())


_DEAD = Exists(mandates.estates_of(OuterRef("pk")))


class CitizenBackend(BaseBackend):
    """Only loads the citizen of a session; nobody signs in here with credentials."""

    def get_user(self, user_id: Any) -> Citizen | None:
        with citizen_scope(UUID(str(user_id))):
            citizen = Citizen.objects.annotate(unread=_UNREAD, dead=_DEAD, leaves=_LEAVING).filter(pk=user_id).first()
            if citizen is not None and citizen.dead:
                return None  # a session from before the register told
            if citizen is not None:
                citizen.unread_messages = citizen.unread
                citizen.leaving = citizen.leaves
                citizen.display_name = citizens.name_of(citizen)  # here, since opening it may take their key from the database
            return citizen


# A password's digest takes a quarter of a second of a core. One at a time in each process, and who comes meanwhile waits no longer than that takes:
# neither cores nor the threads that answer citizens are to be had by sending passwords.
_CHECKING = BoundedSemaphore(1)
PATIENCE = 0.5  # seconds


class TooManyAtOnce(AuroraError):
    """Passwords are being checked just now; this one was not."""

    code = "too_many_attempts"
    sentence = "There have been too many attempts. Wait a while and try again."
    status = 429
    retryable = True


class OperatorBackend(BaseBackend):
    """Checks an operator's name and password, in the same time whether or not the name exists. Raises `TooManyAtOnce`."""

    def authenticate(  # type: ignore[override]
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Operator | None:
        if not username or not password:
            return None
        operator = Operator.objects.filter(username=username, is_active=True).first()
        if not _CHECKING.acquire(timeout=PATIENCE):
            raise TooManyAtOnce
        try:
            if operator is None:
                make_password(password)
                return None
            return operator if check_password(password, operator.password) else None
        finally:
            _CHECKING.release()

    def get_user(self, user_id: Any) -> Operator | None:  # type: ignore[override]
        return Operator.objects.filter(pk=user_id, is_active=True).first()
