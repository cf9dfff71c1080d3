"""Routes with items of other features, for tests of what is added to them."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from marshmallow import fields

from mercato_kit.feature import Expansion, Feature, contract_id
from mercato_kit.http import Blueprint, ListQuerySchema, Page, page_of
from mercato_kit.policies import anyone
from mercato_kit.schemas import Listed, Schema, Uuid

MOUNT = "/fakes"
"""The prefix of these routes, whose components are those of the feature ``fakes``."""


class ItemSchema(Schema):
    """An item of another feature."""

    id = fields.UUID(metadata={"description": "Id"})


class ItemsQuerySchema(ListQuerySchema):
    """Which items to show."""

    ids = Listed(Uuid(), required=True, metadata={"description": "Ids of the items"})


def expansions_of(feature: Feature) -> Iterator[Expansion]:
    """Return the expansions of a feature, those of its glue included."""
    yield from feature.expansions
    for glue in feature.glue:
        yield from glue.expansions


def routes_of_items(
    features: Iterable[Feature], expansions: Iterable[Expansion]
) -> list[Blueprint]:
    """Return blueprints with the items that *expansions* are of, and that no feature shows.

    ``GET /fakes/catalog.product?ids=…&expand=reviews`` shows the items of these ids.
    """
    shown = {
        route.expands
        for feature in features
        for blueprint in feature.blueprints
        for route in blueprint.routes
    }
    wanted = dict.fromkeys((one.contract, one.thing) for one in expansions)
    return [_route_of(items) for items in wanted if items not in shown]


@cache
def _route_of(items: tuple[type[Any], str]) -> Blueprint:
    contract, thing = items
    word = f"{contract_id(contract)}.{thing}"
    blueprint = Blueprint(f"fake_{word.replace('.', '_')}", __name__, url_prefix=MOUNT)

    @blueprint.get(f"/{word}", allow=anyone, public_cache=True, expands=items)
    @blueprint.arguments(ItemsQuerySchema, location="query")
    @blueprint.response(200, page_of(ItemSchema))
    def show_items(query: dict[str, Any]) -> Page[Any]:
        """Show items that have an id only"""
        items = [{"id": one} for one in query["ids"]]
        return Page(data=items, has_more=False, next_cursor=None)

    return blueprint
