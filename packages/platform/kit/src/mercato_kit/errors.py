"""Problems: errors for API clients, in the format of RFC 9457."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

MOST_ERRORS = 100
"""Errors of input fields in one response."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error of one input field: JSON pointer (RFC 6901), code and message."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """An error for an API client, with a stable status and code.

    Raising a problem rolls the unit of work back. With ``keeps_work`` the work is committed, for
    example a counted attempt or a revoked session. With ``keeps_answer`` it is committed as well,
    and the problem is the answer of the Idempotency-Key, for example a declined payment.

    Args:
        detail: Explanation of this occurrence. Default: the title.
        errors: Errors of input fields, for status 422. The first 100 are sent; the member
            ``errors_omitted`` is the number of the others.
        headers: HTTP headers of the response.
        facts: What the security log says about a refusal, such as ids. Clients do not see it.
        **members: Extension members of the problem document (JSON values).

    Attributes:
        member_schemas: JSON Schemas of the extension members, by name, for the API document.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    title: ClassVar[str] = "The request cannot be processed"
    keeps_work: ClassVar[bool] = False
    keeps_answer: ClassVar[bool] = False
    member_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        facts: Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors[:MOST_ERRORS])
        self.headers = dict(headers or {})
        self.facts = dict(facts or {})
        omitted = len(errors) - len(self.errors)
        self.members = members | ({"errors_omitted": omitted} if omitted else {})


class MalformedRequest(Problem):
    """The request is not valid HTTP or JSON."""

    status = 400
    code = "malformed_request"
    title = "Malformed request"


class InvalidCursor(Problem):
    """The cursor is invalid, or was made for another list."""

    status = 400
    code = "invalid_cursor"
    title = "The cursor does not belong to this list"


class Unauthenticated(Problem):
    """There are no credentials, or they are invalid."""

    status = 401
    code = "unauthenticated"
    title = "Valid credentials are required"

    def __init__(
        self,
        detail: str | None = None,
        *,
        invalid_token: bool = False,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        challenge = 'Bearer realm="mercato"' + (', error="invalid_token"' if invalid_token else "")
        super().__init__(detail, headers={"WWW-Authenticate": challenge}, facts=facts)
        self.invalid_token = invalid_token


class StepUpRequired(Unauthenticated):
    """The caller must prove its identity again, for this session (RFC 9470)."""

    code = "step_up_required"
    title = "Prove your identity again to do this"

    def __init__(self, *, acr: Literal[1, 2], max_age_seconds: int | None = None) -> None:
        super().__init__()
        parts = ['Bearer error="insufficient_user_authentication"']
        if acr > 1:
            parts.append(f'acr_values="{acr}"')
        if max_age_seconds is not None:
            parts.append(f"max_age={max_age_seconds}")
        self.headers["WWW-Authenticate"] = ", ".join(parts)


class Forbidden(Problem):
    """The caller is authenticated but lacks a permission."""

    status = 403
    code = "forbidden"
    title = "A required permission is missing"


class NotForKeys(Forbidden):
    """The caller is a program with an API key, and only people may do this."""

    code = "not_for_keys"
    title = "API keys may not do this"


class NotFound(Problem):
    """The resource does not exist, or the caller may not see it."""

    status = 404
    code = "not_found"
    title = "Not found"


class Conflict(Problem):
    """The current state does not allow the request."""

    status = 409
    code = "conflict"
    title = "The current state does not allow this request"


class StaleVersion(Problem):
    """The resource has changed since the caller read it."""

    status = 412
    code = "stale_version"
    title = "The resource has changed since you read it"


class Invalid(Problem):
    """The input is well-formed but invalid."""

    status = 422
    code = "validation_failed"
    title = "The input is invalid"


def invalid(pointer: str, code: str, detail: str) -> Invalid:
    """Return the problem of one invalid value.

    Args:
        pointer: JSON pointer to the value in the body (RFC 6901).
        code: Machine-readable code.
        detail: Human-readable explanation.
    """
    return Invalid(errors=[FieldError(pointer, code, detail)])


class UnsupportedMediaType(Problem):
    """The body is not JSON, or it is compressed."""

    status = 415
    code = "unsupported_media_type"
    title = "Send the body as application/json"


class PreconditionRequired(Problem):
    """The request must send the version it changes."""

    status = 428
    code = "precondition_required"
    title = "Send If-Match with the ETag you read"


class TooManyRequests(Problem):
    """The caller has exceeded a rate limit."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"

    def __init__(self, detail: str | None = None, *, retry_after_seconds: int) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)})


class Unavailable(Problem):
    """The service is temporarily unavailable; the same request can be sent again."""

    status = 503
    code = "unavailable"
    title = "Temporarily unavailable, try again"

    def __init__(self, detail: str | None = None, *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)})


class FeatureDisabled(Problem):
    """The deployment runs without the feature that would answer."""

    status = 503
    code = "feature_disabled"
    title = "Feature disabled"
    member_schemas: ClassVar = {
        "feature": {"type": "string", "description": "Name of the feature"},
        "state": {"type": "string", "description": "Why it does not answer"},
    }
