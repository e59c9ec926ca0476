"""How many characters are left in a field that takes only so many, in the words of the page's language (govuk-frontend's character count)."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

register = template.Library()


@register.simple_tag
def counted(longest: int) -> SafeString:
    """The attributes of the group around a text area with the class `govuk-js-character-count`; its limit stands in `ui/_counted.html`."""
    return format_html(
        'data-maxlength="{}" data-i18n.characters-under-limit.one="{}" data-i18n.characters-under-limit.other="{}" '
        'data-i18n.characters-at-limit="{}" data-i18n.characters-over-limit.one="{}" data-i18n.characters-over-limit.other="{}"',
        longest,
        gettext("1 character is left."),
        _with_count(gettext("{count} characters are left.")),
        gettext("No characters are left."),
        gettext("1 character too many."),
        _with_count(gettext("{count} characters too many.")),
    )


def _with_count(text: str) -> str:
    return text.replace("{count}", "%{count}")
