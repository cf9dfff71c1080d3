"""Problem: a refusal a client can read, as RFC 9457 describes it."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One mistake in the input: where it is (RFC 6901 pointer), what kind, and in words."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """A refusal named after the fact, with a status and a code that never change.

    Raising one rolls the unit of work back, unless ``keeps_work`` says that what was written is
    the point of the refusal (a counted attempt, a revoked session).

    Args:
        detail: What is so, for this occurrence. Default: the title.
        errors: Mistakes of the input, for status 422.
        headers: HTTP headers the answer carries.
        **members: Extension members of the problem document (JSON values).
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    title: ClassVar[str] = "The request cannot be served"
    keeps_work: ClassVar[bool] = False

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.members = members


class MalformedRequest(Problem):
    """The request is not JSON, or not HTTP as we speak it."""

    status = 400
    code = "malformed_request"
    title = "The request cannot be read"


class InvalidCursor(Problem):
    """The cursor is not ours, or belongs to another list."""

    status = 400
    code = "invalid_cursor"
    title = "The cursor does not belong to this list"


class Unauthenticated(Problem):
    """Nobody, or somebody whose credentials do not hold."""

    status = 401
    code = "unauthenticated"
    title = "Valid credentials are needed"

    def __init__(self, detail: str | None = None, *, invalid_token: bool = False) -> None:
        challenge = 'Bearer realm="mercato"' + (', error="invalid_token"' if invalid_token else "")
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class Forbidden(Problem):
    """The caller is known, and may not."""

    status = 403
    code = "forbidden"
    title = "A permission is missing"


class NotFound(Problem):
    """There is no such thing, or none the caller may know of."""

    status = 404
    code = "not_found"
    title = "There is no such thing"


class Conflict(Problem):
    """The state of things does not allow it."""

    status = 409
    code = "conflict"
    title = "The current state does not allow this"


class StaleVersion(Problem):
    """The thing changed since the caller read it."""

    status = 412
    code = "stale_version"
    title = "It has changed since you read it"


class Invalid(Problem):
    """The input was read and does not hold."""

    status = 422
    code = "validation_failed"
    title = "The input is not valid"


class UnsupportedMediaType(Problem):
    """The body is not JSON."""

    status = 415
    code = "unsupported_media_type"
    title = "Send the body as application/json"


class PreconditionRequired(Problem):
    """The request must say which version it changes."""

    status = 428
    code = "precondition_required"
    title = "Send If-Match with the ETag you read"


class TooManyRequests(Problem):
    """The caller must slow down."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"

    def __init__(self, detail: str | None = None, *, retry_after_seconds: int) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)})


class Unavailable(Problem):
    """Not now; the same request may be sent again."""

    status = 503
    code = "unavailable"
    title = "Try again in a moment"

    def __init__(self, detail: str | None = None, *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)})
