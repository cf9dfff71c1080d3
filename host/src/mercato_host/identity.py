"""Tokens of an outside OIDC issuer, where the deployment file names one in ``[identity]``."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL
from uuid import UUID
from uuid import uuid5

import jwt

from mercato_composition.deployment.model import OutsideIssuer
from mercato_kit.composition import current_composition
from mercato_kit.errors import Unauthenticated
from mercato_kit.errors import Unavailable
from mercato_kit.feature import Feature
from mercato_kit.feature import Offer
from mercato_kit.identity import IdentityProvider
from mercato_kit.principals import Principal

_log = logging.getLogger(__name__)

ALGORITHMS = "EdDSA ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512".split()
"""Asymmetric ones only: whoever can check a token must not be able to make one."""

_REQUIRED = ["aud", "exp", "iss", "sub"]
_LEEWAY_SECONDS = 10


class OutsideIdentities:
    """Believes tokens of one outside issuer that are meant for us.

    Args:
        issuer: Who it is, and where its keys are. They are fetched when first needed.
    """

    def __init__(self, issuer: OutsideIssuer) -> None:
        self._issuer = issuer
        # Keeps keys, does not follow redirects, and asks again for an unknown key only now and
        # then, so that made-up key ids cannot make us call the issuer for each request.
        self._keys = jwt.PyJWKClient(
            issuer.jwks_uri,
            lifespan=issuer.keys_kept_seconds,
            timeout=issuer.timeout_seconds,
        )

    def authenticate(self, token: str) -> Principal:
        """Return the principal of *token*.

        Raises:
            Unauthenticated: It is not the issuer's, not for us, or not valid now.
            Unavailable: The issuer's keys cannot be had.
        """
        try:
            claims = jwt.decode(
                token,
                self._key_of(token),
                algorithms=ALGORITHMS,
                audience=self._issuer.audience,
                issuer=self._issuer.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED},
            )
        except jwt.PyJWTError as error:
            _log.info("a token was refused: %s", type(error).__name__)
            raise Unauthenticated(invalid_token=True) from error
        if not claims["sub"]:
            _log.info("a token was refused: it names nobody")
            raise Unauthenticated(invalid_token=True)
        return self._principal_of(claims)

    def _key_of(self, token: str) -> jwt.PyJWK:
        try:
            return self._keys.get_signing_key_from_jwt(token)
        except jwt.PyJWKClientConnectionError as error:
            _log.warning("the keys of %s cannot be had: %s", self._issuer.issuer, error)
            raise Unavailable("The issuer of tokens does not answer.") from error

    def _principal_of(self, claims: Mapping[str, Any]) -> Principal:
        granted = claims.get(self._issuer.permissions_claim, ())
        names = granted.split() if isinstance(granted, str) else granted
        named = {name for name in names if isinstance(name, str)} if _is_list(names) else set()
        return Principal(
            sub=subject_id(self._issuer.issuer, claims["sub"]),
            kind="user",
            email=_text(claims.get("email")),
            email_verified=claims.get("email_verified") is True,
            # The issuer may know words for other services; ours are those the features declare.
            permissions=current_composition().permissions & named,
            session_id=_uuid(claims.get("sid")),
            name=_text(claims.get("name")),
        )


def identity_feature(issuer: OutsideIssuer) -> Feature:
    """Return the manifest by which the host itself offers identities of *issuer*."""
    identities = OutsideIdentities(issuer)
    return Feature(
        name="identity",
        summary=f"Tokens of {issuer.issuer}.",
        offers=[Offer(IdentityProvider, "1.0", lambda: identities)],
    )


def subject_id(issuer: str, subject: str) -> UUID:
    """Return the id of an issuer's subject: the same for the same person, always.

    A subject that is a UUID in its canonical text keeps it. Any other gets a UUIDv5 in the issuer's
    own namespace, so two subjects are never one person.
    """
    return _uuid(subject) or uuid5(uuid5(NAMESPACE_URL, issuer), subject)


def _uuid(value: object) -> UUID | None:
    try:
        found = UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if str(found) == value else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple))
