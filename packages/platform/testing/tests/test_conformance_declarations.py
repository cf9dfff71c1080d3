"""The checks of manifests and routes."""

import dataclasses

import marshmallow as ma
from marshmallow import fields

from mercato_kit.http import ListQuerySchema, page_of
from mercato_kit.policies import permission, signed_in
from mercato_testing.conformance import declarations
from mercato_testing.samples import notes, wheels
from mercato_testing.samples.notes import feature

from .faulty import with_route


class TestMissingEntryPoint:
    def test_finds_another_manifest(self, tmp_path, monkeypatch):
        """An entry point that refers to another manifest is found."""
        monkeypatch.syspath_prepend(tmp_path)
        wheels.install(
            tmp_path, "alpha", f"from {notes.__name__} import feature", module="alpha_wheel"
        )
        made = dataclasses.replace(feature, name="alpha")

        assert any("another manifest" in it for it in declarations.missing_entry_point(made))

    def test_finds_none(self):
        """A feature without an entry point is found."""
        (found,) = declarations.missing_entry_point(dataclasses.replace(feature, name="nowhere"))

        assert "no installed distribution" in found


class TestRoutesWithoutPolicy:
    def test_finds_one(self):
        """A route without a policy is found."""
        assert list(declarations.routes_without_policy(feature)) == []
        (found,) = declarations.routes_without_policy(with_route(allow=None))
        assert "/x has no policy" in found


class TestUndeclaredPermissions:
    def test_finds_one(self):
        """A permission that the manifest does not declare is found."""
        assert list(declarations.undeclared_permissions(feature)) == []
        assert list(declarations.undeclared_permissions(with_route(allow=signed_in))) == []
        (found,) = declarations.undeclared_permissions(with_route(allow=permission("notes.burn")))
        assert "'notes.burn'" in found


def silent():  # noqa: D103 - the test needs a view without a docstring
    return {}


class TestUndocumentedRoutes:
    def test_finds_one(self):
        """A view without a docstring is found."""
        assert list(declarations.undocumented_routes(feature)) == []
        assert len(list(declarations.undocumented_routes(with_route(view=silent)))) == 1


class ItemSchema(ma.Schema):
    name = fields.String()


class StrayQuerySchema(ListQuerySchema):
    sorts = ("name",)
    default_sort = "-created_at"


class TestUnboundedLists:
    def test_accepts_pages(self):
        """A page with a ListQuerySchema is accepted."""
        assert list(declarations.unbounded_lists(feature)) == []

    def test_finds_a_bare_list(self):
        """A list without a limit is found."""
        made = with_route(location="query", result=ItemSchema(many=True))

        assert "without limit" in next(declarations.unbounded_lists(made))

    def test_finds_a_page_without_query(self):
        """A page without a ListQuerySchema is found."""
        made = with_route(location="query", result=page_of(ItemSchema))

        assert "without a ListQuerySchema" in next(declarations.unbounded_lists(made))

    def test_finds_an_unknown_default_order(self):
        """A default order that is not one of the sorts is found."""
        made = with_route(location="query", arguments=StrayQuerySchema, result=page_of(ItemSchema))

        assert "default_sort" in next(declarations.unbounded_lists(made))
