import pytest

from .demo import ALICE, CHARLIE


class TestPrincipal:
    def test_may_use_its_permissions(self):
        """A permission is held explicitly; it does not follow from the name of another."""
        assert CHARLIE.may("notes.write")
        assert not CHARLIE.may("notes")
        assert not CHARLIE.may("notes.write.more")
        assert not ALICE.may("notes.write")

    def test_cannot_be_changed(self):
        """A principal is frozen."""
        with pytest.raises(AttributeError):
            ALICE.permissions = frozenset({"notes.write"})
