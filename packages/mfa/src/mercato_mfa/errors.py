"""Problems of mfa."""

from mercato_kit.errors import Conflict, Problem


class FactorRequired(Conflict):
    """A role of the account requires a second factor, and this is the last one."""

    code = "factor_required"
    title = "Your role requires a second factor; add another one first"


class NoFactor(Conflict):
    """Recovery codes replace a factor, and the account has none."""

    code = "no_factor"
    title = "Add an authenticator app or a passkey first"


class TooManyFactors(Conflict):
    """The account has as many factors of this kind as it may have."""

    code = "too_many_factors"
    title = "You have 10 factors of this kind; remove one first"


class PasskeyTaken(Conflict):
    """The passkey was added before."""

    code = "passkey_taken"
    title = "This passkey was added before"


class EnrollmentExpired(Problem):
    """The challenge for a new passkey is unknown, used, expired, or of another session."""

    status = 410
    code = "enrollment_expired"
    title = "The challenge is no longer valid; ask for another one"
