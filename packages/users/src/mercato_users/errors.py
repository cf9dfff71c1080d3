"""Refusals."""

from mercato_kit.errors import Conflict
from mercato_kit.errors import FieldError
from mercato_kit.errors import Invalid
from mercato_kit.errors import NotFound
from mercato_kit.errors import Problem
from mercato_kit.errors import Unauthenticated


class InvalidCredentials(Unauthenticated):
    """E-mail and password do not open an account; which of the two is wrong is not told.

    Also answered for an account that is suspended, or whose address is not verified.
    """

    code = "invalid_credentials"
    title = "The e-mail or the password is wrong"
    # The attempt stays counted.
    keeps_work = True


class RefreshTokenReused(Unauthenticated):
    """A refresh token came a second time, so somebody else may hold a copy: the session ended."""

    code = "refresh_token_reused"
    title = "The refresh token was used before"
    # The session stays revoked.
    keeps_work = True

    def __init__(self) -> None:
        super().__init__(invalid_token=True)


class TokenExpired(Problem):
    """The token of a mailed link is unknown, used or too old; these are not told apart."""

    status = 410
    code = "token_expired"
    title = "The link is not valid any more"


class WeakPassword(Invalid):
    """The password is too short, too long or well known."""

    title = "The password is too easy to guess"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors=[FieldError("/password", "weak_password", detail)])


class EmailTaken(Conflict):
    """There is an account with this address. Told to operators, never to strangers."""

    code = "email_taken"
    title = "There is an account with this e-mail address"


class UnknownRole(NotFound):
    """There is no role of this name."""

    code = "unknown_role"
    title = "There is no such role"


class InvalidTransition(Conflict):
    """The account is not in the state that this starts from."""

    code = "invalid_transition"
    title = "The account is not in the right state for this"
