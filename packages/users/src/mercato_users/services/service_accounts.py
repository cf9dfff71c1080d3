"""Accounts of programs: they have roles and API keys, but no password, and cannot log in."""

import re

from mercato_kit.db import insert, new_id, session
from mercato_users.errors import EmailTaken, InvalidName
from mercato_users.models import User
from mercato_users.services import audit

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_LONGEST = 50


def create_service(name: str) -> User:
    """Create the account of a program, for operators.

    Args:
        name: Letters a to z, digits and hyphens. Its address, which gets no mail, is
            ``NAME@service.invalid``.

    Raises:
        InvalidName: The name is of another form.
        EmailTaken: There is an account with this name.
    """
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        raise InvalidName
    address = f"{name}@service.invalid"
    user_id = session.scalar(
        insert(User)
        .values(
            id=new_id(), kind="service", email=address, email_canonical=address, given_name=name
        )
        .on_conflict_do_nothing(index_elements=["email_canonical"])
        .returning(User.id)
    )
    if user_id is None:
        raise EmailTaken(f"There is a service account {name} already.")
    audit.record(user_id, "created_by_operator")
    return session.get_one(User, user_id)
