"""The person that an account stands for, to the other features of the deployment."""

from mercato_kit.privacy import Subject
from mercato_users.models import User


def subject_of(user: User) -> Subject:
    """Return the subject of an export or an erasure: the account, and its address if verified.

    Orders that a guest placed with that mailbox belong to it; those of an address that was never
    proved may be another person's.
    """
    emails = frozenset({user.email_canonical}) if user.email_verified else frozenset()
    return Subject(account=user.id, emails=emails, refs={})
