import pytest
from flask import Flask

from mercato_kit.composition import Composition
from mercato_kit.composition import NotComposedError
from mercato_kit.composition import current_composition
from mercato_kit.feature import Feature

ONE = Feature(name="one", summary="", permissions={"one.read": "read"})
TWO = Feature(name="two", summary="", permissions={"two.read": "read"})


class TestComposition:
    def test_knows_every_permission(self):
        """Permissions are those that the composed features declare."""
        assert Composition((ONE, TWO), {}).permissions == {"one.read", "two.read"}
        assert Composition((ONE,), {}).permissions == {"one.read"}


class TestCurrentComposition:
    def test_is_that_of_the_app(self, boot, sqlite_url):
        """Two apps in one process know each only their own features."""
        first = boot(sqlite_url, features=[ONE])
        second = boot(sqlite_url, features=[TWO])

        with first.app_context():
            assert current_composition().features == (ONE,)
        with second.app_context():
            assert current_composition().features == (TWO,)

    def test_is_known_only_within_an_app(self):
        """Who asks while features are imported is told that it is too early."""
        with pytest.raises(NotComposedError, match="not while features are imported"):
            current_composition()

    def test_is_not_known_before_it_ended(self):
        """An app that is still put together has none yet."""
        with Flask(__name__).app_context(), pytest.raises(NotComposedError):
            current_composition()
