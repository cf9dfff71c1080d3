"""A fake of the contract accounts, which remembers what it was asked."""

from collections import defaultdict

from mercato_contracts.accounts import Accounts, FactorRequired
from mercato_kit.db import new_id
from mercato_testing.fakes import fake


class Book:
    """Which accounts have a factor, which must, and what has changed."""

    def reset(self):
        """Forget everything."""
        self.having, self.required = set(), set()
        self.challenges, self.changes = {}, defaultdict(list)

    def begin_enrollment(self, user_id):
        """Open a challenge."""
        challenge = str(new_id())
        self.challenges[challenge] = user_id
        return challenge

    def finish_enrollment(self, user_id, challenge):
        """Close a challenge."""
        if self.challenges.get(challenge) != user_id:
            return False
        del self.challenges[challenge]
        return True

    def factor_changed(self, user_id, *, has_factor, method, added=None):
        """Note a change."""
        if not has_factor and user_id in self.required:
            raise FactorRequired
        self.having = self.having | {user_id} if has_factor else self.having - {user_id}
        self.changes[user_id].append((method, added))


BOOK = Book()

ACCOUNTS = fake(
    Accounts,
    lock=lambda user_id: user_id in BOOK.having,
    begin_enrollment=BOOK.begin_enrollment,
    finish_enrollment=BOOK.finish_enrollment,
    factor_changed=BOOK.factor_changed,
)
