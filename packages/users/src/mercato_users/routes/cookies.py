"""Tokens in cookies, for pages of the shop: their scripts cannot read them.

A browser sends cookies with requests that other sites cause, too. So what a cookie alone allows
needs a header that no form can send, from a page of an origin that the operator lists, or of this
one.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import marshmallow as ma
from flask import Response, after_this_request, request
from werkzeug.http import dump_cookie

from mercato_kit.composition import current_composition
from mercato_kit.errors import FieldError, Invalid
from mercato_kit.policies import person
from mercato_kit.settings import current_settings
from mercato_kit.views import Shown
from mercato_users import services
from mercato_users.errors import Csrf
from mercato_users.settings import UsersSettings
from mercato_users.values import COOKIE

# A browser takes these names only with Secure, Path=/ and without Domain (RFC 6265bis).
REFRESH = "__Host-mercato_refresh"
DEVICE = "__Host-mercato_device"

HEADER = "Mercato-CSRF"

Delivered = tuple[Shown, int, list[tuple[str, str]]]
"""What a view returns: the body, the status and the cookies."""


def refresh_token() -> str | None:
    """Return the refresh token in the cookie of the request, if tokens may be in cookies."""
    return _read(REFRESH)


def device_token() -> str | None:
    """Return the token of the known device in the cookie of the request, in the same way."""
    return _read(DEVICE)


person_or_cookie = replace(
    person, allows=lambda caller: person.allows(caller) or refresh_token() is not None
)
"""For routes that a cookie allows, too; the view calls :func:`check_origin`."""


def check_transport(transport: str) -> None:
    """Check that tokens may be sent in the way that a login asks for.

    Raises:
        Invalid: Cookies are not enabled.
    """
    if transport == COOKIE and not current_settings(UsersSettings).refresh_cookie:
        detail = "This shop does not send tokens in cookies."
        raise Invalid(detail, errors=[FieldError("/transport", "not_enabled", detail)])


def check_origin() -> None:
    """Check that a page that may do so has sent the request.

    Raises:
        Csrf: It has no header ``Mercato-CSRF``, or comes from another site.
    """
    is_listed = request.headers.get("Origin") in current_composition().serving.origins
    is_own = request.headers.get("Sec-Fetch-Site") == "same-origin"
    if HEADER not in request.headers or not (is_listed or is_own):
        raise Csrf


def deliver(schema: type[ma.Schema], tokens: object, transport: str) -> Delivered:
    """Answer tokens in the body, or those that are kept for long in cookies."""
    body: dict[str, Any] = schema().dump(tokens)
    if transport != COOKIE:
        return Shown(body), 200, []
    days = current_settings(UsersSettings).session_days
    cookies = [_cookie(REFRESH, body.pop("refresh_token"), timedelta(days=days))]
    if "device_token" in body:
        cookies.append(_cookie(DEVICE, body.pop("device_token"), services.DEVICE_LIFETIME))
    return Shown(body), 200, cookies


def clear() -> None:
    """Let the browser forget the refresh token, if it has sent one."""
    if refresh_token() is not None:
        after_this_request(_forget)


def _forget(response: Response) -> Response:
    response.headers.add(*_cookie(REFRESH, "", timedelta(0)))
    return response


def _read(name: str) -> str | None:
    if not current_settings(UsersSettings).refresh_cookie:
        return None
    return request.cookies.get(name)


def _cookie(name: str, value: str, lifetime: timedelta) -> tuple[str, str]:
    cookie = dump_cookie(
        name, value, max_age=lifetime, secure=True, httponly=True, samesite="Strict"
    )
    return "Set-Cookie", cookie
