"""Rate limits of actions: buckets that are full at first and refill, exact across processes."""

import hashlib
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from mercato_kit.db import insert, session
from mercato_kit.errors import TooManyRequests
from mercato_kit.lists import Rows, any_of
from mercato_kit.models import Bucket
from mercato_kit.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Take:
    """One unit of a bucket.

    Args:
        kind: Kind of action, such as ``mail.register``; 36 characters or fewer.
        subject: By what or for whom actions are counted, such as an address; stored as a hash.
        burst: Units that a full bucket has: actions that are possible at once.
        every: Seconds until one unit is back.
    """

    kind: str
    subject: str
    burst: int
    every: int

    @property
    def key(self) -> str:
        """The key under which the bucket is stored."""
        digest = hashlib.sha256(self.subject.encode()).digest()
        return f"{self.kind}:{urlsafe_b64encode(digest).decode().rstrip('=')}"


def take(*takes: Take) -> Mapping[Take, int]:
    """Take one unit of each bucket that has one left.

    The buckets stay locked until the unit of work ends, so call it near the end. A problem that
    is raised afterwards gives the units back.

    Returns:
        By take: 0 if the unit was taken, else the seconds until the bucket has one.

    Source: the generic cell rate algorithm (GCRA), in one statement. A row holds when the bucket
    is full again; an update that finds no unit matches no row.
    """
    connection = session.connection()
    # In one order, so that two units of work do not wait for each other.
    by_key = {one.key: one for one in sorted(takes, key=lambda one: one.key)}
    rows = [
        {"key": key, "every": one.every * 1000, "room": _room(one)} for key, one in by_key.items()
    ]
    values = {"takes": _TAKES.dump(rows, connection.dialect), "now": _milliseconds()}
    taken = {row["key"] for row in _TAKE.rows(connection, values)}
    refused, now = by_key.keys() - taken, _milliseconds()
    full_at = _read(refused) if refused else {}
    return {
        one: 0 if key in taken else _seconds(full_at.get(key, now) - now - _room(one))
        for key, one in by_key.items()
    }


def require(*takes: Take) -> None:
    """Take one unit of each bucket, or refuse.

    Raises:
        TooManyRequests: A bucket is empty.
    """
    if wait := max(take(*takes).values()):
        raise TooManyRequests(retry_after_seconds=wait)


def forget_full(*, limit: int) -> int:
    """Delete up to *limit* buckets that are full, as new ones are; return the number deleted."""
    full = sa.select(Bucket.key).where(Bucket.full_at <= _milliseconds()).limit(limit)
    deleted = session.execute(
        sa.delete(Bucket)
        # Checked again, since a unit may have been taken meanwhile.
        .where(Bucket.key.in_(full), Bucket.full_at <= _milliseconds())
        .returning(Bucket.key)
        .execution_options(synchronize_session=False)
    )
    return len(deleted.all())


_TAKES = Rows(
    "takes",
    {"key": Bucket.key.type, "every": Bucket.full_at.type, "room": Bucket.full_at.type},
)


def _upsert(dialect: sa.Dialect) -> Any:
    now, takes = _now(dialect), _TAKES.table(dialect)
    # SQLite needs a WHERE between SELECT and ON CONFLICT.
    rows = sa.select(takes.c.key, now + takes.c.every).where(sa.true())
    # Not the column itself: the subquery would select from the table once more.
    row_key: sa.ColumnClause[str] = sa.literal_column("kit_bucket.key", Bucket.key.type)

    def of_row(column: sa.ColumnElement[int]) -> sa.ScalarSelect[int]:
        return sa.select(column).where(takes.c.key == row_key).scalar_subquery()

    later = sa.case((Bucket.full_at > now, Bucket.full_at), else_=now)
    return (
        insert(Bucket)
        .from_select(["key", "full_at"], rows)
        .on_conflict_do_update(
            index_elements=["key"],
            set_={"full_at": later + of_row(takes.c.every)},
            where=Bucket.full_at <= now + of_row(takes.c.room),
        )
        .returning(Bucket.key)
    )


def _now(dialect: sa.Dialect) -> sa.ColumnElement[int]:
    """Return the time in milliseconds, read when the row is locked.

    Read before, it would be too early after a wait, and the last unit of a bucket be refused.
    """
    if dialect.name == "sqlite":
        # The unit of work has the lock of the whole database.
        return sa.bindparam("now", type_=sa.BigInteger)
    return sa.cast(sa.extract("epoch", sa.func.clock_timestamp()) * 1000, sa.BigInteger)


_TAKE = Prepared(_upsert)


def _room(one: Take) -> int:
    """Return how many milliseconds before it is full a bucket has one unit left."""
    return (one.burst - 1) * one.every * 1000


def _read(keys: set[str]) -> dict[str, int]:
    rows = session.execute(sa.select(Bucket.key, Bucket.full_at).where(any_of(Bucket.key, keys)))
    return {row.key: row.full_at for row in rows}


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _seconds(milliseconds: int) -> int:
    """Return whole seconds, rounded up; 1 at least."""
    return max(1, -(-milliseconds // 1000))
