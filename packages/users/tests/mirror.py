"""A fake of the contract second_factor: a factor whose answer is the challenge turned round."""

import sqlalchemy as sa

from mercato_contracts.second_factor import ClonedAuthenticator, Proof, SecondFactor
from mercato_kit.db import new_id, session, utc_now
from mercato_testing.fakes import fake
from mercato_users.models import User

RECOVERY, CLONE = "a recovery code", "the answer of a copied key"


class Book:
    """When each account has added its factor."""

    def __init__(self):
        self.added = {}

    def methods(self, user_id):
        """Return ``mirror`` for an account with the factor."""
        return ("mirror",) if user_id in self.added else ()

    def verify(self, user_id, method, challenge, answer):
        """Return what an answer proves."""
        if user_id not in self.added or method != "mirror":
            return None
        if answer == CLONE:
            raise ClonedAuthenticator
        if answer == RECOVERY:
            return Proof(("otp",), is_recovery=True)
        return Proof(("hwk",), new_id()) if answer == challenge[::-1] else None

    def remove_all(self, user_id, since=None):
        """Forget a factor, if it was added since a moment."""
        if since is None or self.added.get(user_id, since) >= since:
            self.added.pop(user_id, None)


BOOK = Book()

MIRROR = fake(
    SecondFactor,
    methods=BOOK.methods,
    begin=lambda user_id, method, challenge: {"length": len(challenge)},
    verify=BOOK.verify,
    remove_all=BOOK.remove_all,
)


def enroll(email, *, added_at=None):
    """Give an account the factor, and return its id."""
    changed = sa.update(User).where(User.email == email).values(has_factor=True)
    user_id = session.scalar(changed.returning(User.id))
    BOOK.added[user_id] = added_at or utc_now()
    return user_id


def answer_to(challenged, **members):
    """Return the body of the right answer to a challenge."""
    challenge = challenged["challenge"]
    return {"challenge": challenge, "method": "mirror", "answer": challenge[::-1], **members}
