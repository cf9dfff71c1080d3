"""Implement the contract identity: the principal of a bearer token."""

import logging
import unicodedata
from collections.abc import Mapping
from typing import Any, cast
from uuid import NAMESPACE_URL, UUID, uuid5

from flask import current_app

from mercato_kit.composition import current_composition
from mercato_kit.emails import parse
from mercato_kit.errors import Unauthenticated
from mercato_kit.principals import Principal
from mercato_kit.settings import current_settings
from mercato_kit.text import LONGEST_DECOMPOSED, is_line
from mercato_oidc import access_tokens
from mercato_oidc.key_cache import KeyCache
from mercato_oidc.settings import OidcSettings

_log = logging.getLogger(__name__)

_EXTENSION = "mercato_oidc"

LONGEST_NAME = 255
"""Characters of a name; a longer one is left out."""


class Identity:
    """The provider of identities, for access tokens of the issuer in the settings."""

    def authenticate(self, token: str) -> Principal:
        """Return the principal *token* was issued to.

        Raises:
            Unauthenticated: The token is not from the issuer, not for this shop, not valid now, or
                not an access token.
            Unavailable: The issuer's keys cannot be fetched now.
        """
        settings = current_settings(OidcSettings)
        try:
            claims = access_tokens.read(token, settings, current_keys())
        except Unauthenticated as refusal:
            _log.info("a token was refused: %.200r", refusal.__cause__)
            raise
        return _principal(claims, settings)


def current_keys() -> KeyCache:
    """Return the key cache of this app; apps in one process do not share it."""
    extensions = current_app.extensions
    if _EXTENSION not in extensions:
        extensions.setdefault(_EXTENSION, KeyCache(current_settings(OidcSettings)))
    return cast("KeyCache", extensions[_EXTENSION])


def keys_mistake() -> str | None:
    """Return why the issuer's keys cannot be fetched, for the health check; None if they can."""
    return current_keys().mistake()


def subject_id(issuer: str, subject: str) -> UUID:
    """Return the id of an issuer's subject, always the same for the same person.

    A subject that is a UUID in canonical text form is the id. Any other gets a UUIDv5 in a
    namespace of the issuer, so two subjects never share an id.
    """
    return _uuid(subject) or uuid5(uuid5(NAMESPACE_URL, issuer), subject)


def _principal(claims: Mapping[str, Any], settings: OidcSettings) -> Principal:
    granted, email = claims.get(settings.permissions_claim), _address(claims.get("email"))
    return Principal(
        sub=subject_id(settings.issuer, claims["sub"]),
        kind="user",
        email=email,
        email_verified=email is not None and claims.get("email_verified") is True,
        # The claim may name permissions of other services; only declared ones count here.
        permissions=current_composition().permissions & _words(granted),
        session_id=_uuid(claims.get("sid")),
        name=_name(claims.get("name")),
    )


def _words(value: object) -> frozenset[str]:
    """Return the words of a text or a list; an empty set for any other value."""
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list):
        return frozenset()
    return frozenset(word for word in words if isinstance(word, str))


def _uuid(value: object) -> UUID | None:
    """Return *value* as a UUID if it is the canonical text of one, else None."""
    try:
        found = UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if str(found) == value else None


def _address(value: object) -> str | None:
    """Return *value* if it is an address that mail can be sent to, else None."""
    try:
        return parse(value).written if isinstance(value, str) else None
    except ValueError:
        return None


def _name(value: object) -> str | None:
    """Return *value* in NFC if it is one line of limited length, else None."""
    if not isinstance(value, str) or len(value) > LONGEST_DECOMPOSED * LONGEST_NAME:
        return None
    name = unicodedata.normalize("NFC", value)
    return name if len(name) <= LONGEST_NAME and is_line(name) else None
