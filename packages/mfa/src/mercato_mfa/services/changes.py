"""Begin and end a change of second factors: the account is locked first, and informed last."""

from uuid import UUID

from mercato_contracts import accounts
from mercato_contracts.accounts import Accounts
from mercato_contracts.second_factor import Proof
from mercato_kit.errors import StepUpRequired, Unauthenticated
from mercato_kit.principals import Principal
from mercato_kit.services import get
from mercato_mfa.errors import FactorRequired
from mercato_mfa.services import factors

MOST = 10
"""The most authenticator apps of an account, and the most passkeys."""


def owner(caller: Principal) -> UUID:
    """Return the id of the caller.

    Raises:
        Unauthenticated: The caller has no account.
    """
    if caller.sub is None:
        raise Unauthenticated(invalid_token=True)
    return caller.sub


def begin(caller: Principal) -> bool:
    """Lock the account of the caller, and return whether it has a second factor.

    Raises:
        StepUpRequired: The account has a factor, and this session has not used it.
    """
    user_id = owner(caller)
    has_factor = get(Accounts).lock(user_id)
    if has_factor and caller.acr < 2:
        raise StepUpRequired(acr=2)
    if not has_factor:
        # They were reset while this feature was not enabled.
        factors.remove_confirmed(user_id)
    return has_factor


def end(user_id: UUID, method: str, added: Proof | None = None) -> None:
    """Tell the provider of ``accounts`` that the factors of a user were changed.

    Raises:
        FactorRequired: The last factor would be lost, and a role requires one.
    """
    has_factor = factors.remove_lonely_codes(user_id)
    try:
        get(Accounts).factor_changed(user_id, has_factor=has_factor, method=method, added=added)
    except accounts.FactorRequired as error:
        raise FactorRequired from error
