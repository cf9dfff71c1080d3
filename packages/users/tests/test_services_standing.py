import pytest

from mercato_users.services.standing import Held

READ, BOTH = Held(frozenset({"a.read"})), Held(frozenset({"a.read", "a.write"}))
SYSTEM = Held(is_system=True)


class TestHeld:
    @pytest.mark.parametrize(
        ("one", "other", "covers"),
        [
            (BOTH, READ, True),
            (READ, READ, True),
            (READ, Held(), True),
            (READ, BOTH, False),
            (Held(), READ, False),
            (SYSTEM, BOTH, True),
            (SYSTEM, SYSTEM, True),
            (BOTH, SYSTEM, False),
        ],
    )
    def test_covers_what_it_holds(self, one, other, covers):
        """Everything that the other holds is held; only the system role covers the system role."""
        assert one.covers(other) is covers
