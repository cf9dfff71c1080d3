"""Accounts of another system are imported, in batches that a killed process does not repeat."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import insert, new_id, session, utc_now
from mercato_kit.emails import canonical_email
from mercato_kit.later import by_column, later, with_defaults
from mercato_users import topics
from mercato_users.errors import ImportRunning
from mercato_users.models import Import, Role, User, UserRole
from mercato_users.services import audit
from mercato_users.values import Mistake

_TAKEN = "email: An account with this address exists."


@dataclass(frozen=True, slots=True)
class Reached:
    """How far the import of a file has come.

    Args:
        id: The import.
        offset: Rows that were read.
        done: Accounts that were made.
        failed: Rows that were refused.
    """

    id: UUID
    offset: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row of a file that was read: the values of an account, or why it is refused."""

    line: int
    found: Mapping[str, Any] | Mistake


def begin_import(file_sha256: str) -> Reached:
    """Return how far the import of a file has come; an unknown one begins."""
    session.execute(
        insert(Import)
        .values(id=new_id(), file_sha256=file_sha256, offset=0, done=0, failed=0)
        .on_conflict_do_nothing(index_elements=["file_sha256"])
    )
    columns = (Import.id, Import.offset, Import.done, Import.failed)
    of_file = sa.select(*columns).where(Import.file_sha256 == file_sha256)
    return Reached(*session.execute(of_file).one())


def import_rows(reached: Reached, rows: Sequence[ImportRow]) -> tuple[Reached, list[Mistake]]:
    """Make accounts of a batch of rows, and return how far the import is, and the refused rows.

    Both are committed together, so a process that is killed repeats all of a batch or nothing.

    Raises:
        ImportRunning: Another process imports the file.
    """
    accounts, mistakes = _checked(rows)
    made = _insert(accounts)
    mistakes += [
        Mistake(line, _TAKEN) for line, values in accounts.items() if values["id"] not in made
    ]
    after = replace(
        reached,
        offset=reached.offset + len(rows),
        done=reached.done + len(made),
        failed=reached.failed + len(mistakes),
    )
    _move(reached, after)
    return after, sorted(mistakes)


def refused_rows(rows: Sequence[ImportRow]) -> list[Mistake]:
    """Return the rows that an import would refuse, and change nothing.

    An address that the file has twice is refused by the import alone.
    """
    accounts, mistakes = _checked(rows)
    addresses = [values["email_canonical"] for values in accounts.values()]
    of_addresses = User.email_canonical.in_(addresses)
    taken = set(session.scalars(sa.select(User.email_canonical).where(of_addresses)))
    return sorted(
        [
            *mistakes,
            *(
                Mistake(line, _TAKEN)
                for line, values in accounts.items()
                if values["email_canonical"] in taken
            ),
        ]
    )


def _checked(rows: Iterable[ImportRow]) -> tuple[dict[int, dict[str, Any]], list[Mistake]]:
    """Return the values of accounts by line, with the ids of their roles, and the refused rows."""
    good = {one.line: one.found for one in rows if not isinstance(one.found, Mistake)}
    mistakes = [one.found for one in rows if isinstance(one.found, Mistake)]
    ids = _role_ids({name for values in good.values() for name in values["roles"]})
    accounts = {}
    for line, values in good.items():
        if unknown := sorted(set(values["roles"]) - ids.keys()):
            mistakes.append(Mistake(line, f"roles: There is no role {unknown[0]}."))
        else:
            accounts[line] = _account(values, [ids[name] for name in set(values["roles"])])
    return accounts, mistakes


def _account(values: Mapping[str, Any], role_ids: list[UUID]) -> dict[str, Any]:
    taken_over = {**values, "id": new_id(), "roles": role_ids}
    verified = taken_over.pop("email_verified")
    return {
        **taken_over,
        "email_canonical": canonical_email(values["email"]),
        "email_verified_at": utc_now() if verified else None,
    }


def _role_ids(names: Collection[str]) -> dict[str, UUID]:
    """Return the ids of roles by name."""
    if not names:
        return {}
    named = sa.select(Role.name, Role.id).where(Role.name.in_(names))
    return {row.name: row.id for row in session.execute(named)}


def _insert(accounts: Mapping[int, dict[str, Any]]) -> set[UUID]:
    """Insert the accounts whose addresses are free, and return their ids."""
    if not accounts:
        return set()
    rows = [
        by_column(User, with_defaults(User, _without_roles(values))) for values in accounts.values()
    ]
    statement = insert(User.__table__).values(rows)
    made = set(
        session.scalars(
            statement.on_conflict_do_nothing(index_elements=["email_canonical"]).returning(
                User.__table__.c.id
            )
        )
    )
    for values in accounts.values():
        if values["id"] in made:
            _complete(values)
    audit.record_each(made, "imported")
    return made


def _complete(values: Mapping[str, Any]) -> None:
    """Give a new account its roles, and publish that it is verified."""
    user_id = values["id"]
    later(UserRole, ({"user_id": user_id, "role_id": role_id} for role_id in values["roles"]))
    if values["email_verified_at"] is not None:
        topics.publish_change(topics.VERIFIED, user_id, 1)


def _without_roles(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "roles"}


def _move(before: Reached, after: Reached) -> None:
    moved = session.scalar(
        sa.update(Import)
        .where(Import.id == before.id, Import.offset == before.offset)
        .values(offset=after.offset, done=after.done, failed=after.failed)
        .returning(Import.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        raise ImportRunning
