"""Who is here: citizens, their keys, and operators."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.crypto import salted_hmac

from aurora.identity.operator_models import Enrolment, OperatorRequest

__all__ = ["Citizen", "DataKey", "Enrolment", "FormerKey", "IdentityProvider", "KeyRotation", "Operator", "OperatorRequest"]


class CitizenManager(BaseUserManager["Citizen"]):
    def get_by_natural_key(self, username: str | None) -> Citizen:
        return self.get(pk=username or "")


class Citizen(AbstractBaseUser):
    """A data subject (GDPR art. 4(1)). Nothing here is readable without the citizen's own key; there is no password.

    `subject_hmac` finds the citizen at sign-in: HMAC-SHA-256 over the e-ID's issuer and the national identifier.
    """

    password: ClassVar[None] = None  # type: ignore[assignment,misc]
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_hmac = models.BinaryField(max_length=32, unique=True)
    national_id_sealed = models.BinaryField()
    name_sealed = models.BinaryField()
    language = models.CharField(max_length=2, default="fi")
    session_epoch = models.PositiveIntegerField(default=0, help_text="Raised to end all sessions.")
    created_at = models.DateTimeField()

    USERNAME_FIELD = "id"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[CitizenManager] = CitizenManager()

    is_active = True
    unread_messages = 0
    leaving = False
    """Whether they asked that everything be erased, and have not called it off."""
    display_name = ""
    """The name, opened, where a session has loaded the citizen: for the frame of their own pages."""

    def __str__(self) -> str:
        return str(self.pk)

    def get_session_auth_hash(self) -> str:
        return salted_hmac("aurora.identity.citizen", f"{self.pk}:{self.session_epoch}", algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self) -> Any:
        return iter(())


class DataKey(models.Model):
    """A citizen's data key, wrapped by the key-encryption key. In a schema of its own, which long-lived backups leave out.

    `marking_wrapped`: the key of `vault.mark`. It has no versions: what it marked once must be found again.
    """

    citizen = models.OneToOneField(Citizen, on_delete=models.PROTECT, primary_key=True, related_name="+")
    wrapped = models.BinaryField()
    marking_wrapped = models.BinaryField()
    kek_id = models.CharField(max_length=16)
    version = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(help_text="Of this version.")

    class Meta:
        db_table = 'vault"."data_key'
        indexes = [models.Index(fields=["created_at"], name="data_key_by_age")]

    def __str__(self) -> str:
        return f"key of {self.citizen_id}"


class FormerKey(models.Model):
    """A version of a citizen's data key that seals no more, until nothing is sealed by it. Goes with the data key, by the database.

    `hidden`: all that it still opens is what a law keeps back (`consent.ledger.kept`). Nobody sees the row then; a function gives it out when what
    it opens is due.
    """

    pk = models.CompositePrimaryKey("citizen_id", "version")
    citizen_id = models.UUIDField()
    version = models.PositiveSmallIntegerField()
    wrapped = models.BinaryField()
    kek_id = models.CharField(max_length=16)
    created_at = models.DateTimeField()
    hidden = models.BooleanField(default=False)

    class Meta:
        db_table = 'vault"."former_key'

    def __str__(self) -> str:
        return f"former key of {self.citizen_id}"


class KeyRotation(models.Model):
    """That a citizen's data key has got a successor, and how far we are with sealing everything anew. The row is the truth; a lease says who works.

    `version` is that of the former key. `since`: from then on whoever asks for the key is given the new one (the database's clock). `clean_at`:
    then nothing was found any more that the former one had sealed.
    """

    class State(models.TextChoices):
        MADE = "made"
        SEALING = "sealing"
        CLEAN = "clean"

    citizen_id = models.UUIDField(primary_key=True)
    version = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.MADE)
    made_at = models.DateTimeField()
    since = models.DateTimeField(null=True)
    clean_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        db_table = 'vault"."key_rotation'
        indexes = [models.Index(fields=["due_at"], name="key_rotation_due")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="made", since__isnull=True, clean_at__isnull=True)
                | models.Q(state="sealing", since__isnull=False, clean_at__isnull=True)
                | models.Q(state="clean", since__isnull=False, clean_at__isnull=False),
                name="key_rotation_says_how_far",
            ),
            models.CheckConstraint(
                condition=models.Q(lease_token__isnull=True, lease_until__isnull=True)
                | models.Q(lease_token__isnull=False, lease_until__isnull=False),
                name="key_rotation_lease_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} rotation of the key of {self.citizen_id}"


class OperatorManager(BaseUserManager["Operator"]):
    pass


class Operator(AbstractBaseUser):
    """Somebody who runs Aurora. Not a citizen here, and no citizen's row opens for them: their session sets no scope."""

    class Role(models.TextChoices):
        OPERATIONS = "operations"
        PRIVACY_OFFICER = "privacy_officer"
        AUDITOR = "auditor"
        AGENCY_OFFICER = "agency_officer"
        MODEL_STEWARD = "model_steward"
        CATALOGUE_EDITOR = "catalogue_editor"
        ADMINISTRATOR = "administrator"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    roles = ArrayField(models.CharField(max_length=16, choices=Role.choices), default=list)
    totp_secret_sealed = models.BinaryField(null=True)
    totp_last_step = models.BigIntegerField(default=-1, help_text="The last time step used: a code counts once (RFC 6238 5.2).")
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[OperatorManager] = OperatorManager()

    def __str__(self) -> str:
        return self.username


class IdentityProvider(models.Model):
    """The national e-ID: an OpenID provider and Aurora's registration with it. One is active."""

    issuer = models.URLField(unique=True)
    client_id = models.CharField(max_length=200)
    key_sealed = models.BinaryField(help_text="Aurora's private JWK there, sealed for the platform.")
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["active"], condition=models.Q(active=True), name="one_active_eid")]

    def __str__(self) -> str:
        return self.issuer


class Session(AbstractBaseSession):
    """A browser's session. The table is that of Django's own sessions, so that an older release goes on beside a newer one.

    `session_key`: what the key is called that the browser sends (`session_store.name_of`), and not the key. `account`: whose it is, as a keyed digest
    (`session_store.account_of`); "" before anybody has signed in.
    """

    account = models.CharField(max_length=64, default="", db_default="")

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        db_table = "django_session"
        indexes = [models.Index(fields=["account"], condition=~models.Q(account=""), name="session_by_account")]

    @classmethod
    def get_session_store_class(cls) -> Any:
        from aurora.identity.session_store import SessionStore

        return SessionStore
