"""What is said of a password that is refused."""

from django.utils.translation import gettext_lazy as _

EXPECTED = _("The password consists of words that others would try first. Add words that have nothing to do with Aurora.")
ORDINARY = _("The password is too ordinary. Choose several words that do not belong together.")
