import pytest
from flask import Flask

from mercato_kit.composition import Composition
from mercato_kit.composition import NotComposedError
from mercato_kit.composition import current_composition
from mercato_kit.events import Handler
from mercato_kit.feature import Feature


def react(event):
    """Answer an event."""


def react_too(event):
    """Answer it as well."""


ONE = Feature(
    name="one",
    summary="",
    permissions={"one.read": "read"},
    handles=[Handler("a.happened", react), Handler("a.happened", react_too)],
)
TWO = Feature(
    name="two",
    summary="",
    permissions={"two.read": "read"},
    handles=[Handler("a.happened", react), Handler("b.happened", react_too)],
)


class TestComposition:
    def test_knows_every_permission(self):
        """Permissions are those that the composed features declare."""
        assert Composition((ONE, TWO), {}).permissions == {"one.read", "two.read"}
        assert Composition((ONE,), {}).permissions == {"one.read"}

    def test_knows_who_answers_an_event(self):
        """Consumers are named by feature and handler, in dependency order."""
        composition = Composition((ONE, TWO), {})

        assert composition.consumers_of("a.happened") == [
            "one.react",
            "one.react_too",
            "two.react",
        ]
        assert composition.consumers_of("nothing.happened") == []
        assert composition.handlers["two.react_too"].topic == "b.happened"

    def test_events_wait_for_a_feature_that_is_away(self):
        """Its handlers are consumers, and cannot be called."""
        composition = Composition((ONE,), {}, away=(TWO,))

        assert composition.consumers_of("b.happened") == ["two.react_too"]
        assert "two.react_too" not in composition.handlers


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
