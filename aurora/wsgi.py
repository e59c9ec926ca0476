"""The web service's entry point."""

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aurora.settings")

_django = get_wsgi_application()

from django.conf import settings  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from aurora.backups import mark  # noqa: E402
from aurora.identity import keys  # noqa: E402  (needs Django's settings)

# Rather no service than one that opens nobody's data, or has half of it.
mark.refuse(settings.ENV.database)
keys.try_keks()
# Before gunicorn forks: Django loads the pages at the first request, and each worker would do it by itself, four seconds of a processor each.
get_resolver().url_patterns  # noqa: B018


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Django's, shielded from content types on which it fails before anything of ours can answer."""
    environ["CONTENT_TYPE"] = _understood(environ.get("CONTENT_TYPE", ""))
    return _django(environ, start_response)


def _understood(content_type: str) -> str:
    """The content type, or none at all when its charset is not UTF-8.

    Django reads even the query string in that charset while it makes the request, and does not catch what codecs that are none for
    text ("hex") and NUL (in the notation of RFC 8187) raise.
    """
    try:
        _, parameters = parse_header_parameters(content_type)
    except ValueError:
        return ""
    return content_type if parameters.get("charset", "utf-8").lower() in ("utf-8", "utf8") else ""
