"""Who may see ``/composition``: holders of ``host.read``, or a browser with an address of ours.

Browsers send no token, so ``mercato composition --link`` signs an address that sets a cookie.
"""

import secrets
from datetime import timedelta
from hashlib import sha256

from flask import Response, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer

from mercato_kit import security, work
from mercato_kit.db import insert, session, utc_now
from mercato_kit.errors import Forbidden
from mercato_kit.identity import authenticate
from mercato_kit.keys import signing_secrets
from mercato_kit.models import IdempotencyKey
from mercato_kit.policies import permission
from mercato_runtime.health import current_plan

LINK_SECONDS = 300
COOKIE_SECONDS = 3600
COOKIE = "mercato_composition"

READ = permission("host.read")

_SCOPE = "mercato composition --link"


class LinkSpent(Forbidden):
    """An address of `mercato composition --link` works once, within 5 minutes; make another one."""

    code = "link_spent"
    title = "This address was used, or is too old"


def require_reader() -> None:
    """Check that the caller may see the composition.

    In development everyone may. The database is not asked about a cookie, so that the page answers
    while the database is away.

    Raises:
        Unauthenticated: There is neither a cookie nor a token.
        Forbidden: The token's owner lacks ``host.read``.
        Unavailable: The token cannot be checked now.
    """
    if not is_open() and not _has_cookie():
        work.run(lambda: READ.check(authenticate(as_guest=False)), read_only=True)


def is_open() -> bool:
    """Tell whether everyone may see the composition: in development."""
    return current_plan().deployment.environment == "development"


def make_token() -> str:
    """Return the last part of an address that works once."""
    return _signer("link").dumps(secrets.token_urlsafe(16))


def spend(token: str) -> None:
    """Use a token; it cannot be used again, in any process.

    Raises:
        LinkSpent: It was used, is too old, or was not made by this deployment.
    """
    try:
        nonce = str(_signer("link").loads(token, max_age=LINK_SECONDS))
    except BadData as error:
        raise LinkSpent from error
    work.run(lambda: _spend(nonce))


def set_cookie(response: Response) -> None:
    """Let the browser see the composition for an hour; only its path gets the cookie."""
    response.set_cookie(
        COOKIE,
        _signer("cookie").dumps("reader"),
        max_age=COOKIE_SECONDS,
        path=url_for("composition.page"),
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )


def _spend(nonce: str) -> None:
    now = utc_now()
    row = {
        "scope": _SCOPE,
        "key": nonce,
        "request_hash": sha256(nonce.encode()).hexdigest(),
        "created_at": now,
        # The token is refused before; the worker deletes what has expired.
        "expires_at": now + timedelta(seconds=2 * LINK_SECONDS),
    }
    added = insert(IdempotencyKey).values(row).on_conflict_do_nothing()
    if not session.execute(added.returning(IdempotencyKey.key)).all():
        raise LinkSpent
    security.record("composition_link_used")


def _has_cookie() -> bool:
    try:
        _signer("cookie").loads(request.cookies.get(COOKIE, ""), max_age=COOKIE_SECONDS)
    except BadData:
        return False
    return True


def _signer(salt: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(signing_secrets("host.read"), salt=salt)
