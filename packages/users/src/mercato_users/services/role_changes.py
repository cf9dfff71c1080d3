"""Roles are given to accounts and taken from them.

Locks are taken in one order: rows of roles by id, the user's row, rows of sessions.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import found, insert, locked, session, utc_now
from mercato_users import topics
from mercato_users.errors import UnknownRole
from mercato_users.models import Role, RolePermission, Session, User, UserRole
from mercato_users.services import administrators, audit, lifetimes, standing
from mercato_users.services.standing import Held

Names = frozenset[str]


class LockedUser(NamedTuple):
    """A user whose row is locked: its new version, and its status."""

    version: int
    status: str


@dataclass(frozen=True, slots=True)
class _Roles:
    """The roles that a change is about, and those of its account and its actor.

    Args:
        held: What each role holds, by name.
        ids: Their ids.
        of_user: The names of those that the account has.
        of_actor: The names of those that the actor has.
    """

    held: dict[str, Held]
    ids: dict[str, UUID]
    of_user: Names
    of_actor: Names

    def together(self, names: Iterable[str]) -> Held:
        """Return what several roles hold."""
        return standing.union(self.held[name] for name in names)


def grant_role(user_id: UUID, name: str, *, actor_id: UUID | None = None) -> None:
    """Give a user a role; does nothing if the user has it.

    Raises:
        NotFound: The user does not exist.
        UnknownRole: A role with this name does not exist.
        Forbidden: The actor lacks what the role or the user holds.
    """
    lock_roles({name})
    version = lock_user(user_id).version
    _change(user_id, version, {name}, lambda names: names | {name}, actor_id=actor_id)


def revoke_role(
    user_id: UUID, name: str, *, actor_id: UUID | None = None, force: bool = False
) -> None:
    """Take a role from a user; does nothing if the user does not have it.

    Args:
        user_id: The user.
        name: The name of the role.
        actor_id: Who takes it; None for an operator, who may do everything.
        force: Also take it from the last administrator.

    Raises:
        NotFound: The user does not exist.
        UnknownRole: A role with this name does not exist.
        Forbidden: The actor lacks what the role or the user holds.
        LastAdministrator: No administrator would be left.
    """
    lock_roles({name})
    version = lock_user(user_id).version
    _change(user_id, version, {name}, lambda names: names - {name}, actor_id=actor_id, force=force)


def add_roles(user_id: UUID, names: Collection[str], *, actor_id: UUID | None) -> None:
    """Give a user roles; does nothing for those that the user has. The caller has locked them.

    Raises:
        NotFound: The user does not exist.
        UnknownRole: A role with one of the names does not exist.
        Forbidden: The actor lacks what a role or the user holds.
    """
    version = lock_user(user_id).version
    _change(user_id, version, names, lambda held: held | frozenset(names), actor_id=actor_id)


def require_givable(names: Collection[str], actor_id: UUID) -> list[UUID]:
    """Return the ids of roles that an actor may give.

    Raises:
        UnknownRole: A role with one of the names does not exist.
        Forbidden: The actor lacks what a role holds.
    """
    roles = _read(None, actor_id, names)
    actor = roles.together(roles.of_actor)
    standing.require_grant(actor, *(roles.held[name] for name in names))
    return [roles.ids[name] for name in names]


def set_roles(
    user_id: UUID, version: int, names: Collection[str], *, actor_id: UUID | None
) -> None:
    """Give and take roles, so that a user has those of *names*.

    The caller has locked them and the user, who has *version* now.

    Raises:
        UnknownRole: A role with one of the names does not exist.
        Forbidden: The actor lacks what a given or taken role, or the user, holds.
        LastAdministrator: No administrator would be left.
    """
    wanted = frozenset(names)
    _change(user_id, version, wanted, lambda _: wanted, actor_id=actor_id)


def lock_roles(names: Collection[str]) -> None:
    """Lock roles and the system role, by id; the system role because it may be taken."""
    which = sa.or_(Role.name.in_(names), Role.is_system)
    session.execute(locked(sa.select(Role.id).where(which).order_by(Role.id)))


def lock_user(user_id: UUID, **values: Any) -> LockedUser:
    """Change columns of a user, if any, and increase its version, which locks its row.

    Raises:
        NotFound: The user does not exist, or was erased.
    """
    locked_user = session.execute(
        sa.update(User)
        .where(User.id == user_id, User.status != "erased")
        .values(version=User.version + 1, updated_at=utc_now(), **values)
        .returning(User.version, User.status)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return LockedUser(*found(locked_user))


def _change(
    user_id: UUID,
    version: int,
    names: Collection[str],
    choose: Callable[[Names], Names],
    *,
    actor_id: UUID | None,
    force: bool = False,
) -> None:
    """Give and take roles.

    Args:
        user_id: The user.
        version: Its version now, for the event.
        names: The roles that *choose* may give.
        choose: Returns the names that the user shall have, from those that it has.
        actor_id: Who does it; None for an operator, who may do everything.
        force: Also take the system role from the last administrator.
    """
    roles = _read(user_id, actor_id, names)
    wanted = choose(roles.of_user)
    given, taken = sorted(wanted - roles.of_user), sorted(roles.of_user - wanted)
    if actor_id is not None:
        actor = roles.together(roles.of_actor)
        standing.require_touch(actor, roles.together(roles.of_user))
        standing.require_grant(actor, *(roles.held[name] for name in (*given, *taken)))
    if not given and not taken:
        return
    _give(user_id, [roles.ids[name] for name in given])
    _take(user_id, [roles.ids[name] for name in taken])
    if given and _is_staff(roles.together(given)):
        lifetimes.shorten(Session.user_id == user_id)
    for name in given:
        audit.record(user_id, "role_granted", actor_id=actor_id, data={"role": name})
    for name in taken:
        audit.record(user_id, "role_revoked", actor_id=actor_id, data={"role": name})
    topics.publish_change(topics.ROLES_CHANGED, user_id, version)
    if roles.together(taken).is_system and not force:
        administrators.require_one()


def _read(user_id: UUID | None, actor_id: UUID | None, names: Collection[str]) -> _Roles:
    """Read the roles of *names*, of the user and of the actor, after their locks."""
    of_user, of_actor = _has(user_id), _has(actor_id)
    rows = session.execute(
        sa.select(Role.name, Role.id, Role.is_system, RolePermission.permission, of_user, of_actor)
        .outerjoin(RolePermission, RolePermission.role_id == Role.id)
        .where(sa.or_(Role.name.in_(names), of_user, of_actor))
    )
    parts: dict[str, list[Held]] = {}
    ids: dict[str, UUID] = {}
    users, actors = set(), set()
    for name, role_id, is_system, permission, is_users, is_actors in rows:
        part = standing.part_of(role_id, permission, is_system=is_system)
        parts.setdefault(name, []).append(part)
        ids[name] = role_id
        users |= {name} if is_users else set()
        actors |= {name} if is_actors else set()
    if unknown := sorted(set(names) - ids.keys()):
        raise _unknown(unknown[0])
    held = {name: standing.union(of) for name, of in parts.items()}
    return _Roles(held, ids, frozenset(users), frozenset(actors))


def _has(user_id: UUID | None) -> sa.ColumnElement[bool]:
    if user_id is None:
        return sa.false()
    return sa.exists().where(UserRole.role_id == Role.id, UserRole.user_id == user_id)


def _unknown(name: str) -> UnknownRole:
    known = ", ".join(session.scalars(sa.select(Role.name).order_by(Role.name)))
    return UnknownRole(f"Unknown role {name!r}. Known roles: {known}.")


def _is_staff(held: Held) -> bool:
    return held.is_system or bool(held.permissions)


def _give(user_id: UUID, role_ids: Collection[UUID]) -> None:
    if role_ids:
        rows = [{"user_id": user_id, "role_id": role_id} for role_id in role_ids]
        session.execute(insert(UserRole).values(rows))


def _take(user_id: UUID, role_ids: Collection[UUID]) -> None:
    if role_ids:
        given = sa.and_(UserRole.user_id == user_id, UserRole.role_id.in_(role_ids))
        session.execute(sa.delete(UserRole).where(given))
