"""Second factors, which other features keep: who must have one, and what they answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.second_factor import ClonedAuthenticator, Proof, SecondFactor
from mercato_kit.db import session
from mercato_kit.services import each
from mercato_kit.settings import current_settings
from mercato_users import opaque_tokens, topics
from mercato_users.clients import Client
from mercato_users.errors import SecondFactorUnavailable
from mercato_users.models import Role, User, UserRole
from mercato_users.services import audit, challenges, lifetimes
from mercato_users.settings import UsersSettings
from mercato_users.values import Answer, Credentials

STAFF = "staff"
"""In the setting ``second_factor_for``: every role that holds a permission."""


@dataclass(frozen=True, slots=True)
class Method:
    """A way to answer a challenge.

    Args:
        method: Its name, such as ``totp``.
        options: What a client needs to answer, such as those of WebAuthn.
    """

    method: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Challenged:
    """What a client answers with a second factor.

    Args:
        challenge: The challenge, to be sent with the answer.
        methods: How it can be answered.
        expires_in: Seconds until it expires.
    """

    challenge: str
    methods: tuple[Method, ...]
    expires_in: int = int(challenges.LIFETIME.total_seconds())
    mfa_required: bool = True


def methods_of(user_id: UUID) -> list[str]:
    """Return the methods that an account has enrolled, at all providers."""
    return [name for one in each(SecondFactor) for name in one.provider.methods(user_id)]


def challenged(user_id: UUID, challenge: str) -> Challenged:
    """Return a challenge with the methods of an account that has a second factor.

    Raises:
        SecondFactorUnavailable: No composed feature has a factor of the account.
    """
    methods = tuple(
        Method(name, one.provider.begin(user_id, name, challenge))
        for one in each(SecondFactor)
        for name in one.provider.methods(user_id)
    )
    if not methods:
        raise SecondFactorUnavailable
    return Challenged(challenge, methods)


def challenge_login(user: User, sent: Credentials) -> Challenged:
    """Return a challenge for a login whose password was right.

    Raises:
        SecondFactorUnavailable: No composed feature has a factor of the account.
    """
    data = {
        "device_name": sent.device_name,
        "pass": None if sent.mailed_pass is None else opaque_tokens.digest(sent.mailed_pass),
    }
    epoch = user.credential_epoch
    return challenged(user.id, challenges.begin(user.id, challenges.LOGIN, epoch=epoch, data=data))


def verify(user_id: UUID, sent: Answer, client: Client) -> Proof | None:
    """Return what an answer to a challenge of a user proves; None if it is wrong.

    The owner learns of a recovery code that is used, and of an authenticator that may be copied.
    """
    try:
        proof = _verify(user_id, sent)
    except ClonedAuthenticator:
        audit.record(user_id, "passkey_clone_suspected", client=client)
        topics.request_mail(topics.CLONE_SUSPECTED, user_id)
        return None
    if proof is not None and proof.is_recovery:
        audit.record(user_id, "recovery_code_used", client=client, actor_id=user_id)
        topics.request_mail(topics.RECOVERY_CODE_USED, user_id)
    return proof


def remove_all(user_id: UUID, since: datetime | None = None) -> None:
    """Remove the second factors of an account, at all providers; see the contract."""
    for one in each(SecondFactor):
        one.provider.remove_all(user_id, since)


def requires_for(role: str) -> bool:
    """Return whether the permissions of a role count only beside a second factor."""
    required = current_settings(UsersSettings).second_factor_for
    return role in required or STAFF in required


def must_enroll(user: User, *, is_staff: bool) -> bool:
    """Return whether a user whose roles were read must add a second factor, and has none.

    Args:
        user: The user.
        is_staff: Whether a role holds a permission.
    """
    required = current_settings(UsersSettings).second_factor_for
    has_role = (STAFF in required and is_staff) or not set(user.role_names).isdisjoint(required)
    return has_role and not user.has_factor


def must_have_one(user_id: UUID) -> bool:
    """Return whether a user has a role that requires a second factor."""
    required = current_settings(UsersSettings).second_factor_for
    if not required:
        return False
    which = lifetimes.HOLDS if STAFF in required else Role.name.in_(required)
    has = sa.exists().where(UserRole.user_id == user_id, UserRole.role_id == Role.id, which)
    return bool(session.scalar(sa.select(has)))


def _verify(user_id: UUID, sent: Answer) -> Proof | None:
    for one in each(SecondFactor):
        proof = one.provider.verify(user_id, sent.method, sent.challenge, sent.answer)
        if proof is not None:
            return proof
    return None
