from functools import partial

import sqlalchemy as sa
from click.testing import CliRunner

from mercato_kit.db import session
from mercato_products.cli import commands
from mercato_products.models import CategoryListing, CategoryPrice, PriceRange, SearchText
from mercato_products.services import create_category
from mercato_products.values import NewCategory

from . import factories
from .test_services_queries import names


class TestReindex:
    def test_restores_what_lists_and_search_read(self, client, commit):
        """Rows that another program deleted are written anew."""

        def lose():
            home = create_category(NewCategory(name="Home")).id
            for name in ("Lamp", "Desk"):
                factories.make_product(name=name, category_ids=[home], status="active")
            for model in (CategoryListing, CategoryPrice, PriceRange, SearchText):
                session.execute(sa.delete(model))

        commit(lose)

        run = commit(partial(CliRunner().invoke, commands, ["reindex"], catch_exceptions=False))

        assert run.output == "Indexed 2 products.\n"
        assert names(client.get("/v1/products?q=lamp")) == ["Lamp"]
        in_order = "/v1/products?category=home&sort=price&currency=EUR"
        assert sorted(names(client.get(in_order))) == ["Desk", "Lamp"]
        assert sorted(names(client.get("/v1/products?category=home"))) == ["Desk", "Lamp"]
