"""A person gets a copy of their data from all features."""

from uuid import UUID

import sqlalchemy as sa

from mercato_kit import privacy
from mercato_kit.db import found, locked, session
from mercato_kit.errors import NotFound
from mercato_kit.privacy import Request
from mercato_users.clients import UNKNOWN, Client
from mercato_users.models import User
from mercato_users.services import audit, standing
from mercato_users.subjects import subject_of


def request_export(user_id: UUID, client: Client = UNKNOWN, *, actor_id: UUID) -> Request:
    """Ask for an export of an account's data; its owner alone can read it.

    Args:
        user_id: The account.
        client: Where it was asked for.
        actor_id: Who asks: the owner or staff.

    Raises:
        NotFound: The user does not exist, or was erased.
        Forbidden: The account holds what the actor does not.
    """
    user = found(session.scalar(locked(sa.select(User).where(User.id == user_id))))
    if user.status == "erased":
        raise NotFound
    standing.require_touch_of(user_id, actor_id)
    request_id = privacy.request("export", subject_of(user), actor=str(actor_id))
    audit.record(user_id, "export_asked", client=client, actor_id=actor_id)
    return found(privacy.get(request_id))


def find_export(user_id: UUID, export_id: UUID) -> Request:
    """Return an export of a user's data, which may not be complete yet.

    Raises:
        NotFound: The user has no such export.
    """
    export = privacy.get(export_id)
    if export is None or export.kind != "export" or export.subject is None:
        raise NotFound
    if export.subject.account != user_id:
        raise NotFound
    return export


def read_export(user_id: UUID, export_id: UUID) -> bytes:
    """Return an export of a user's data as a zip file.

    Raises:
        NotFound: The user has no such export, or it is not complete yet or no longer kept.
    """
    find_export(user_id, export_id)
    return found(privacy.read_archive(export_id))
