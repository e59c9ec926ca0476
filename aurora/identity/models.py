"""Who is here: citizens, their keys, and operators."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.crypto import salted_hmac


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
    """A citizen's data key, wrapped by the key-encryption key. In a schema of its own, which long-lived backups leave out."""

    citizen = models.OneToOneField(Citizen, on_delete=models.PROTECT, primary_key=True, related_name="+")
    wrapped = models.BinaryField()
    kek_id = models.CharField(max_length=16)
    version = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        db_table = 'vault"."data_key'

    def __str__(self) -> str:
        return f"key of {self.citizen_id}"


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
