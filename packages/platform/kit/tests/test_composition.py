import pytest
from flask import Flask

from mercato_kit.composition import Composition, NotComposedError, current_composition
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone, permission, signed_in

ONE = Feature(name="one", summary="", permissions={"one.read": "read"})
TWO = Feature(name="two", summary="", permissions={"two.read": "read"})


class TestComposition:
    def test_knows_every_permission(self):
        """The permissions are the host's, and those declared by the composed features."""
        assert Composition((ONE, TWO), {}).permissions == {"one.read", "two.read"}
        assert Composition((ONE,), {}).permissions == {"one.read"}
        assert Composition((), {}, (), {"host.read": "read"}).permissions == {"host.read"}

    def test_knows_what_needs_no_account(self):
        """The open endpoints are those of routes with the policy `anyone`."""
        blueprint = Blueprint("shop", __name__)

        for name, policy in {"buy": anyone, "orders": signed_in, "staff": permission("x")}.items():
            blueprint.post(f"/{name}", allow=policy, endpoint=name)(dict)
        manifest = Feature(name="three", summary="", blueprints=[blueprint])

        assert Composition((ONE, manifest), {}).open_endpoints == {"shop.buy"}


class TestCurrentComposition:
    def test_is_that_of_the_app(self, boot, sqlite_url):
        """Two apps in one process each have their own composition."""
        first = boot(sqlite_url, features=[ONE])
        second = boot(sqlite_url, features=[TWO])

        with first.app_context():
            assert current_composition().features == (ONE,)
        with second.app_context():
            assert current_composition().features == (TWO,)

    def test_requires_an_app_context(self):
        """While features are imported, an error says that the composition is not available yet."""
        with pytest.raises(NotComposedError, match="not while features are imported"):
            current_composition()

    def test_requires_a_complete_composition(self):
        """An app that is still being composed has no composition."""
        with Flask(__name__).app_context(), pytest.raises(NotComposedError):
            current_composition()
