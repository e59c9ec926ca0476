"""What was told of a token before `consent_oauth_token_told` told all of it: nothing asks any more, so nothing is to answer."""

from importlib import import_module

from django.db import migrations

CONSENT_OF = import_module("consent.oauth.migrations.0009_grant_parts").CONSENT_OF
ATTORNEY_OF = import_module("consent.oauth.migrations.0011_attorney_of_token").FUNCTION
DROP = """
DROP FUNCTION consent_oauth_consent_of_token(bytea, timestamptz);
DROP FUNCTION consent_oauth_attorney_of_token(bytea);
"""


class Migration(migrations.Migration):
    dependencies = [("consent_oauth", "0012_token_told")]
    operations = [migrations.RunSQL(DROP, CONSENT_OF + ATTORNEY_OF)]
