import logging

from django.apps import AppConfig


class OAuthConfig(AppConfig):
    name = "consent.oauth"
    label = "consent_oauth"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # At DEBUG Authlib writes whole token responses ("Issue token %r to %r"): no secret in a log, whatever the root's level is.
        authlib = logging.getLogger("authlib")
        authlib.setLevel(max(authlib.level, logging.INFO))
