"""What the console says about agencies' clients: fields, kinds of drafts, and what is wrong with a value, in the active language.

The authorization server says in English what is wrong with a value (`consent.oauth.client_form`); the same sentences stand here to be translated.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aurora.ui.words import Sentence

_FIELDS: Final[Mapping[str, Sentence]] = {
    "agency": _("Agency"),
    "agency_name": _("Name of the agency"),
    "name": _("Name of the service"),
    "redirect_uris": _("Addresses to which citizens return (redirect addresses)"),
    "jwks": _("Public keys (JSON Web Key Set)"),
    "jwks_uri": _("Address of the public keys (jwks_uri)"),
    "notice_uri": _("Address for notices of ended consents"),
    "usage_uri": _("Address where uses of data are asked for"),
    "resource": _("The agency's own API (resource)"),
    "purposes": _("Purposes that it may ask for"),
    "categories": _("Data that it may ask for"),
    "rotate_refresh": _("Each renewal of access gives a new key to the next one (refresh token rotation)"),
    "dpop_nonce": _("Each request must carry a fresh value that Aurora gives (DPoP nonce)"),
}

_KINDS: Final[Mapping[str, Sentence]] = {
    "register": _("Register a client"),
    "change": _("Change a client"),
    "suspend": _("Suspend a client"),
    "reactivate": _("Let a client work again"),
}

# What the button says that agrees to a draft.
_AGREED: Final[Mapping[str, Sentence]] = {
    "register": _("Agree to register this client"),
    "change": _("Agree to this change of the client"),
    "reactivate": _("Agree that the client works again"),
}

_LANGUAGES: Final[Mapping[str, Sentence]] = {"fi": _("Finnish"), "sv": _("Swedish"), "en": _("English")}

_FAULTS: Final[Mapping[str, Sentence]] = {
    "Check the marked fields.": _("Check the marked fields."),
    "A client id has 1 to 64 letters, digits and the signs . _ ~ -, and begins with a letter or a digit.": _(
        "A client id has 1 to 64 letters, digits and the signs . _ ~ -, and begins with a letter or a digit."
    ),
    "Give the agency's code, and its name if it is new.": _("Give the agency's code, and its name if it is new."),
    "An agency's code has 1 to 64 small letters, digits and hyphens, and is none of Aurora's own words.": _(
        "An agency's code has 1 to 64 small letters, digits and hyphens, and is none of Aurora's own words."
    ),
    "This client belongs to another agency.": _("This client belongs to another agency."),
    "This agency is known. Its name is not changed with a client.": _("This agency is known. Its name is not changed with a client."),
    "Give the name in fi, sv and en, each of at most 200 characters.": _("Give the name in Finnish, Swedish and English."),
    "Use letters and signs that can be seen, and each word in one alphabet: Latin, Greek or Cyrillic.": _(
        "Use letters and signs that can be seen, and write each word in one alphabet: Latin, Greek or Cyrillic."
    ),
    "Another agency has this name, or one that looks like it.": _("Another agency has this name, or one that looks like it."),
    "Give 1 to 20 redirect URIs.": _("Give 1 to 20 redirect addresses."),
    "Give each redirect URI once.": _("Give each redirect address once."),
    "A redirect URI is text of at most 512 characters.": _("An address has at most 512 characters."),
    "A redirect URI has only the characters of RFC 3986 and no fragment.": _(
        "An address has only the characters of RFC 3986 and no fragment."
    ),
    "A redirect URI must be a valid URL.": _("An address must be a valid URL."),
    "A redirect URI names a host and no user.": _("An address names a host and no user."),
    "A redirect URI must be https (plain http: a loopback address in a sandbox).": _("An address must begin with https."),
    "A redirect URI's query must not use the names of an authorization response.": _(
        "A redirect address must not use the names of an authorization response in its query."
    ),
    "An address is text of at most 512 characters.": _("An address has at most 512 characters."),
    "An address has only the characters of RFC 3986 and no fragment.": _("An address has only the characters of RFC 3986 and no fragment."),
    "An address must be a valid URL.": _("An address must be a valid URL."),
    "An address names a host and no user.": _("An address names a host and no user."),
    "An address must be https (plain http: a loopback address in a sandbox).": _("An address must begin with https."),
    "An address must name a public host.": _("An address must name a public host."),
    "The address of an API that tokens are for has no query.": _("The address of an API has no query."),
    "Tokens for Aurora's own API need no address here.": _("Tokens for Aurora's own API need no address here."),
    "Another client is registered with this id.": _("Another client is registered with this id."),
    "Another client is registered with this address.": _("Another client is registered with this address."),
    "Give either the public keys or the address where they are.": _("Give either the public keys or the address where they are."),
    "Give a JSON object with one member, keys.": _("Give a JSON object with one member, keys."),
    "A key set holds plain JSON only.": _("Give a JSON object with one member, keys."),
    "A key set has 1 to 10 keys and at most 16384 bytes.": _("A key set has 1 to 10 keys and at most 16 kilobytes."),
    "Every key is a JSON object.": _("Every key is a JSON object."),
    "Give public keys only: a private key was among them. Replace that key pair.": _(
        "Give public keys only: a private key was among them. The agency must replace that key pair."
    ),
    "A key is EC on P-256, OKP Ed25519 or RSA.": _("A key is EC on P-256, OKP Ed25519 or RSA."),
    "A key has the members of its type, kid, and at most alg, use and key_ops.": _(
        "A key has the members of its type, kid, and at most alg, use and key_ops."
    ),
    "Every key needs a kid of 1 to 128 characters.": _("Every key needs a kid of 1 to 128 characters."),
    "Every key needs a kid of its own.": _("Every key needs a kid of its own."),
    "An RSA key has 2048 to 4096 bits.": _("An RSA key has 2048 to 4096 bits."),
    "An RSA key's exponent has at most 64 bits.": _("An RSA key's exponent has at most 64 bits."),
    "A key's numbers are not valid.": _("The numbers of a key are not valid."),
    "This type of key is for verifying ES256 signatures.": _("What a key says of its use does not go with its type."),
    "This type of key is for verifying PS256 signatures.": _("What a key says of its use does not go with its type."),
    "This type of key is for verifying EdDSA signatures.": _("What a key says of its use does not go with its type."),
    "Choose at least one purpose for which agencies may ask.": _("Choose at least one purpose."),
    "Choose at least one kind of data that Aurora knows.": _("Choose at least one kind of data."),
    "Say why, in at most 300 characters.": _("Say why, in at most 300 characters."),
    "Choose whether you agree or decline.": _("Choose whether you agree or decline."),
    "Nothing would change.": _("Nothing would change."),
    "Somebody else must decide on what you asked for.": _("Somebody else must decide on what you asked for."),
    "Whoever asked for this is no agency officer any more. Decline it, and ask anew.": _(
        "Whoever asked for this is no agency officer any more. Decline it, and ask anew."
    ),
    "There is an open draft for this client. Decide on it first.": _(
        "There is an open draft for this client. It must be decided on first."
    ),
    "The client has changed since this was asked for. Decline it, and ask anew.": _(
        "The client has changed since this was asked for. Decline it, and ask anew."
    ),
    "This has already been changed. Look at its present state.": _("This has already been changed. Look at its present state."),
    "What was asked for is no longer possible. Decline it, and ask anew.": _(
        "What was asked for is no longer possible. Decline it, and ask anew."
    ),
}

KNOWN_FAULTS: Final = frozenset(_FAULTS)

_FETCHES: Final[Mapping[str, Sentence]] = {
    "": _("The keys have not been fetched yet."),
    "good": _("The keys were fetched on %(at)s."),
    "failing": _("The keys could not be fetched lately. Those of %(at)s are in use."),
    "none": _("The keys could not be fetched, so the client cannot prove who it is."),
}

KEY: Final = _("Key %(name)s (%(algorithm)s), fingerprint %(fingerprint)s")
# What is no agency's to tell.
TOLD_BY: Final[Mapping[str, Sentence]] = {"citizen": _("The citizen tells it"), "aurora": _("Worked out by a model")}

YES: Final = _("Yes")
NO: Final = _("No")
BY_COMMAND: Final = _("A management command")


def field(name: str) -> Sentence:
    """A field of a client."""
    return _FIELDS[name]


def kind(code: str) -> Sentence:
    """What a draft asks for."""
    return _KINDS[code]


def agree(code: str) -> Sentence:
    """What agreeing to a draft of this kind is called; "" for what one person has done."""
    return _AGREED.get(code, "")


def language(code: str) -> Sentence:
    """The name of a language that names are given in."""
    return _LANGUAGES[code]


def follows(*, kind: str, agency: str, purposes: Sequence[str], data: Sequence[str], same: bool, less: bool) -> tuple[str, ...]:
    """What an agreement to a draft does. `same`: it may ask for what it could ask for before; `less`: something is taken away from that."""
    if kind == "suspend":
        return ()
    if kind == "reactivate":
        return (gettext("The client is answered again, as it is registered. Its tokens that are still valid work again."),)
    if same:
        return (gettext("What %(agency)s may ask citizens for stays as it is.") % {"agency": agency},)
    told = [gettext("What is no longer on the list can no longer be read, whatever citizens have consented to.")] if less else []
    if not data:
        return (gettext("The client works in the name of its agency only. It cannot ask citizens for anything."), *told)
    return (
        gettext("%(agency)s may ask citizens for these data: %(data)s.") % {"agency": agency, "data": ", ".join(data)},
        gettext("It may ask for them for these purposes only: %(purposes)s.") % {"purposes": ", ".join(purposes)},
        gettext("Each citizen decides. Without their consent the client reads nothing about them."),
        *told,
    )


def fault(sentence: str) -> Sentence:
    """What is wrong with a value, in the language of the page."""
    return _FAULTS.get(sentence, _("This value cannot be registered."))


def fetched(state: str) -> Sentence:
    """How a key set was last fetched; `%(at)s` is for the moment."""
    return _FETCHES[state]
