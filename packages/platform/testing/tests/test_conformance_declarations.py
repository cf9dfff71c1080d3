"""What manifest and routes say of themselves."""

import dataclasses

import marshmallow as ma
from marshmallow import fields

from mercato_kit.http import ListQuerySchema
from mercato_kit.http import page_of
from mercato_kit.policies import permission
from mercato_kit.policies import signed_in
from mercato_testing.conformance import declarations
from mercato_testing.samples import notes
from mercato_testing.samples import wheels
from mercato_testing.samples.notes import feature

from .faulty import with_route


class TestMissingEntryPoint:
    def test_passes_the_installed(self, tmp_path, monkeypatch):
        """A wheel whose entry point leads to the manifest."""
        monkeypatch.syspath_prepend(tmp_path)
        wheels.install(
            tmp_path, "alpha", f"from {notes.__name__} import feature", module="alpha_wheel"
        )
        made = dataclasses.replace(feature, name="alpha")

        assert any("another manifest" in it for it in declarations.missing_entry_point(made))

    def test_finds_none(self):
        """A feature that no wheel offers cannot be named in a deployment."""
        (found,) = declarations.missing_entry_point(dataclasses.replace(feature, name="nowhere"))

        assert "no installed distribution" in found


class TestRoutesWithoutPolicy:
    def test_finds_one(self):
        """A route says who may call it."""
        assert list(declarations.routes_without_policy(feature)) == []
        (found,) = declarations.routes_without_policy(with_route(allow=None))
        assert "/x states no policy" in found


class TestUndeclaredPermissions:
    def test_finds_one(self):
        """A permission that the manifest does not explain cannot be given to anybody."""
        assert list(declarations.undeclared_permissions(feature)) == []
        assert list(declarations.undeclared_permissions(with_route(allow=signed_in))) == []
        (found,) = declarations.undeclared_permissions(with_route(allow=permission("notes.burn")))
        assert "'notes.burn'" in found


def silent():  # noqa: D103 - that is the point
    return {}


class TestUndocumentedRoutes:
    def test_finds_one(self):
        """A view without docstring has no summary."""
        assert list(declarations.undocumented_routes(feature)) == []
        assert len(list(declarations.undocumented_routes(with_route(view=silent)))) == 1


class ItemSchema(ma.Schema):
    name = fields.String()


class StrayQuerySchema(ListQuerySchema):
    sorts = ("name",)
    default_sort = "-created_at"


class TestUnboundedLists:
    def test_passes_pages(self):
        """A page with a list query has limit and order."""
        assert list(declarations.unbounded_lists(feature)) == []

    def test_finds_a_bare_list(self):
        """A list of everything grows with the shop."""
        made = with_route(location="query", result=ItemSchema(many=True))

        assert "without limit" in next(declarations.unbounded_lists(made))

    def test_finds_a_page_without_query(self):
        """A page that reads no limit and no sort has none."""
        made = with_route(location="query", result=page_of(ItemSchema))

        assert "without a ListQuerySchema" in next(declarations.unbounded_lists(made))

    def test_finds_a_stray_order(self):
        """The default order is one that clients may ask for."""
        made = with_route(location="query", arguments=StrayQuerySchema, result=page_of(ItemSchema))

        assert "default_sort" in next(declarations.unbounded_lists(made))
