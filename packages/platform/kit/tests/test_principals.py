import pytest

from .demo import ALICE
from .demo import CHARLIE


class TestPrincipal:
    def test_may_what_it_holds(self):
        """A permission is held or not; none follows from another one's name."""
        assert CHARLIE.may("notes.write")
        assert not CHARLIE.may("notes")
        assert not CHARLIE.may("notes.write.more")
        assert not ALICE.may("notes.write")

    def test_cannot_be_changed(self):
        """A principal cannot gain a permission after it was made."""
        with pytest.raises(AttributeError):
            ALICE.permissions = frozenset({"notes.write"})
