"""What the page that verifies a log is told: addresses, words, names. Nothing of the log itself: the script fetches it and trusts nobody's word."""

from __future__ import annotations

from uuid import UUID

from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone

from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import formats, verify_words
from aurora.ui.contexts import VerifyPage

FOLDER = "aurora/verify/"


def page(*, entry: UUID | None) -> VerifyPage:
    """`entry` is the one that the citizen came from."""
    return VerifyPage(
        bundle_url=reverse("portal:log_bundle"),
        activity_url=reverse("portal:activity"),
        offline_url=reverse("portal:verify_offline"),
        program_url=static(f"{FOLDER}aurora_verify.py"),
        script_url=static(f"{FOLDER}page.mjs"),
        key_url=reverse("ledger:key"),
        data={
            "entry": str(entry) if entry else None,
            "language": formats.language(),
            "timeZone": timezone.get_current_timezone_name(),
            "ledger": reverse("ledger:checkpoint").removesuffix("checkpoint"),
            "words": verify_words.table(),
            "names": {code: name.get(formats.language(), code) for code, name in Vocabulary().agencies.items()},
        },
    )
