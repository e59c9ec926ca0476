"""What is said when purposes and data do not go together on the page where a source is connected: whole sentences, with the names that were ticked."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from aurora.ui.contexts import Text
from aurora.ui.templatetags.aurora import localized, localized_list


def purpose_without_data(purpose: Text, needed: Iterable[Text]) -> str:
    """A purpose was chosen and none of the data that it is about."""
    return _("“%(purpose)s” needs at least one of these kinds of data: %(data)s. Select one, or leave the purpose unselected.") % {
        "purpose": localized(purpose),
        "data": localized_list(needed),
    }


def data_without_purpose(data: Text, purposes: Iterable[Text]) -> str:
    """Data was chosen and none of the purposes that are about it."""
    return _("“%(data)s” is used only for this purpose: %(purpose)s. Select that purpose too, or leave the data unselected.") % {
        "data": localized(data),
        "purpose": localized_list(purposes),
    }
