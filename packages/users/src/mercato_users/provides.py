"""The providers of the contracts ``identity``, ``people`` and ``accounts``."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa

from mercato_contracts.people import Person
from mercato_contracts.second_factor import Proof
from mercato_kit.composition import current_composition
from mercato_kit.db import utc_now
from mercato_kit.errors import Unauthenticated
from mercato_kit.lists import any_of
from mercato_kit.principals import Principal
from mercato_kit.reads import Read
from mercato_kit.views import JsonText
from mercato_users import access_tokens, api_keys, services
from mercato_users.clients import this_client
from mercato_users.models import Role, RolePermission, Session, User, UserRole

_PRINCIPAL = Read(
    sa.select(
        User.email,
        User.email_verified_at.is_not(None).label("email_verified"),
        User.given_name,
        User.family_name,
        JsonText(Session.amr).label("amr"),
        Session.acr,
        Session.auth_time,
        User.has_factor,
        Role.name,
        Role.is_system,
        RolePermission.permission,
    )
    .select_from(Session)
    .join(User, User.id == Session.user_id)
    .outerjoin(UserRole, UserRole.user_id == User.id)
    .outerjoin(Role, Role.id == UserRole.role_id)
    .outerjoin(RolePermission, RolePermission.role_id == Role.id)
    .where(
        Session.id == sa.bindparam("session_id"),
        Session.user_id == sa.bindparam("user_id"),
        Session.revoked_at.is_(None),
        Session.expires_at > sa.bindparam("now"),
        Session.idle_expires_at > sa.bindparam("now"),
        User.status == "active",
        User.token_epoch == sa.bindparam("epoch"),
    )
)
"""One row for each permission of the user of a session, or one without; none if it has ended."""

_PEOPLE = Read(
    sa.select(
        User.id,
        User.email,
        User.email_verified_at.is_not(None).label("email_verified"),
        User.given_name,
        User.family_name,
        User.locale,
    ).where(any_of(User.id, "subjects"), User.status != "erased", User.kind == "person")
)

_METHODS = msgspec.json.Decoder(tuple[str, ...])


class Identity:
    """Authenticates access tokens and API keys of this deployment."""

    def authenticate(self, token: str) -> Principal:
        """Return the principal of *token*: an access token, or an API key.

        Raises:
            Unauthenticated: The token is invalid or expired, its session has ended, or the account
                is not active.
        """
        if api_keys.is_named(token):
            return services.identify_key(token)
        claims = access_tokens.read(token)
        rows = _PRINCIPAL.rows(
            session_id=claims.session_id,
            user_id=claims.user_id,
            epoch=claims.epoch,
            now=utc_now(),
        )
        if not rows:
            raise Unauthenticated(invalid_token=True)
        email, email_verified, given_name, family_name, amr, acr, auth_time, factor, *_ = rows[0]
        roles = [row[-3:] for row in rows if row[-3] is not None]
        permissions = held = _permissions(roles)
        if acr != 2:
            counting = [one for one in roles if not services.requires_factor(one[0])]
            permissions = _permissions(counting) if counting != roles else held
        return Principal(
            sub=claims.user_id,
            kind="user",
            email=email,
            email_verified=email_verified,
            permissions=permissions,
            withheld=held - permissions,
            session_id=claims.session_id,
            acr=acr,
            amr=_METHODS.decode(amr),
            auth_time=auth_time,
            factor=factor,
            name=" ".join(filter(None, (given_name, family_name))) or None,
        )


def _permissions(roles: Sequence[tuple[str, bool, str | None]]) -> frozenset[str]:
    """Return the permissions that rows of roles give: name, whether it is the system role, one."""
    declared = current_composition().permissions
    if any(is_system for _, is_system, _ in roles):
        return declared
    return declared & {permission for *_, permission in roles}


class AccountFactors:
    """Implements :class:`mercato_contracts.accounts.Accounts`."""

    lock = staticmethod(services.lock_factors)
    begin_enrollment = staticmethod(services.begin_enrollment)
    finish_enrollment = staticmethod(services.finish_enrollment)

    def factor_changed(
        self, user_id: UUID, *, has_factor: bool, method: str, added: Proof | None = None
    ) -> None:
        """Record that the caller has changed the factors of its account, which is locked.

        Raises:
            FactorRequired: The last factor would be lost.
        """
        services.record_factor_change(
            user_id, has_factor=has_factor, method=method, added=added, client=this_client()
        )


class AccountOwners:
    """Implements :class:`mercato_contracts.people.People` on the accounts."""

    def get_many(self, subjects: Collection[UUID]) -> Mapping[UUID, Person]:
        """Return people by id, in one SELECT, without erased and unknown ones and programs."""
        people = (Person(*row) for row in _PEOPLE.rows(subjects=subjects))
        return {person.id: person for person in people}
