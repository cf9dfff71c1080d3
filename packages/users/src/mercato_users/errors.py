"""Problems of users."""

from collections.abc import Sequence
from typing import ClassVar

from mercato_kit.errors import (
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    Problem,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)


class InvalidCredentials(Unauthenticated):
    """E-mail or password is wrong, the account is suspended, or its address is not verified.

    The response does not say which, so that it does not reveal whether an account exists.
    """

    code = "invalid_credentials"
    title = "The e-mail or the password is wrong"
    # Commit the counted attempt.
    keeps_work = True


class TooManyLogins(TooManyRequests):
    """Too many logins have failed; the owner of the account can log in with a mailed pass."""

    code = TooManyRequests.code
    member_schemas: ClassVar = {
        "login_link": {
            "type": "boolean",
            "description": "Whether a link to log in can be mailed: POST /v1/auth/login-link",
        }
    }

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(retry_after_seconds=retry_after_seconds)
        self.members = {"login_link": True}


class RefreshTokenReused(Unauthenticated):
    """A refresh token was used again, so it may have been stolen; the session was revoked."""

    code = "refresh_token_reused"
    title = "The refresh token has already been used"
    # Commit the revocation.
    keeps_work = True

    def __init__(self) -> None:
        super().__init__(invalid_token=True)


class Csrf(Forbidden):
    """A page of another site may have caused a request that a cookie would allow."""

    code = "csrf"
    title = "Send the header Mercato-CSRF from a page of the shop"


class TokenExpired(Problem):
    """The token of a mailed link is unknown, used or expired; the response does not say which."""

    status = 410
    code = "token_expired"
    title = "The link is no longer valid"


class ChallengeExpired(Problem):
    """The challenge is unknown, used, expired, of another session, or was answered five times."""

    status = 410
    code = "challenge_expired"
    title = "The challenge is no longer valid"


class InvalidCode(Unauthenticated):
    """The answer to a challenge is wrong, or was used before."""

    code = "invalid_code"
    title = "The code or the answer is wrong"
    # Commit the counted attempt.
    keeps_work = True


class NoSecondFactor(Conflict):
    """The account has no second factor that could be used."""

    code = "no_second_factor"
    title = "The account has no second factor"


class SecondFactorUnavailable(Unavailable):
    """The account has a second factor, and no enabled feature can verify it."""

    code = "second_factor_unavailable"
    title = "The second factor of this account cannot be verified now"


class WeakPassword(Invalid):
    """The password is too short, too long or well known."""

    title = "The password is too easy to guess"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors=[FieldError("/password", "weak_password", detail)])


class EmailTaken(Conflict):
    """An account with this address exists. Raised for operators only, never in public endpoints."""

    code = "email_taken"
    title = "An account with this e-mail address already exists"


class KeyEnded(Conflict):
    """The API key has expired, or another one took its place."""

    code = "key_ended"
    title = "The API key has ended"


class InvalidName(Invalid):
    """The name of a service account is of another form. Raised for operators only."""

    title = "Use up to 50 letters a to z, digits and hyphens, such as stock-sync"


class LimitReached(Conflict):
    """The address book is full, or the account has too many API keys."""

    code = "limit_reached"
    title = "There are 50 already; delete one first"


class AlreadyInvited(Conflict):
    """The address has an invitation that can be accepted; mail it again instead."""

    code = "already_invited"
    title = "There is an invitation for this address already"


class ImportRunning(Conflict):
    """Another process imports the same file. Raised for operators only."""

    code = "import_running"
    title = "Another process is importing this file"


class InvitationAccepted(Conflict):
    """The invitation was accepted, so it cannot be changed."""

    code = "invitation_accepted"
    title = "The invitation was accepted"


class AccountExists(Conflict):
    """The address of an invitation has an account. Its owner, who has the link, may know it."""

    code = "account_exists"
    title = "Sign in to your account with this address to accept the invitation"


class LastAdministrator(Conflict):
    """The last active administrator would be lost, and with it the way to make another."""

    code = "last_administrator"
    title = "The last administrator must stay"


class SystemRole(Conflict):
    """The role that holds every permission cannot be changed or deleted."""

    code = "system_role"
    title = "This role cannot be changed"


class RoleTaken(Conflict):
    """Another role has this name."""

    code = "role_taken"
    title = "A role with this name already exists"


class RoleInUse(Conflict):
    """An account has the role."""

    code = "role_in_use"
    title = "An account has this role; take it away first"


class UnknownPermission(Invalid):
    """No feature of the deployment declares a permission."""

    def __init__(self, names: Sequence[str], field: str = "permissions") -> None:
        detail = f"No enabled feature declares {', '.join(names)}."
        super().__init__(detail, errors=[FieldError(f"/{field}", "unknown_permission", detail)])


class UnknownRole(Invalid):
    """A role with this name does not exist."""

    title = "Unknown role"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors=[FieldError("/roles", "unknown_role", detail)])


class InvalidTransition(Conflict):
    """The account's status does not allow this change."""

    code = "invalid_transition"
    title = "The account's status does not allow this change"
