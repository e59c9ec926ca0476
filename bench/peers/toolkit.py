"""The bare project with django-oauth-toolkit, set up as its tutorial says."""

from bench.peers.settings import *  # noqa: F403
from bench.peers.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "oauth2_provider"]
ROOT_URLCONF = "bench.peers.toolkit_urls"
OAUTH2_PROVIDER = {"SCOPES": {"read": "Read", "introspection": "Introspect"}}
# Tables are made from the models at once: the same tables as by the toolkit's and Django's migrations, in a third of the time.
MIGRATION_MODULES = dict.fromkeys(("auth", "contenttypes", "sessions", "oauth2_provider"))
