from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_products.models import Category, Product, ProductCategory, Relisting
from mercato_products.services import (
    create_category,
    delete_category,
    refresh_listings,
    refresh_words,
    reindex,
    relist,
    update_category,
    update_product,
)
from mercato_products.services.relisting import BATCH_SIZE
from mercato_products.values import NewCategory
from mercato_testing.waiting import wait_for_blocked_transaction

from . import bulk
from .test_services_listings import ANY, rows

MANY = BATCH_SIZE + 50


@pytest.fixture
def count(client):
    """A function that returns how many products a category lists, and a search finds in it."""

    def ask(handle):
        return tuple(
            client.get(f"/v1/products?limit=1&include=total&category={handle}{query}").json["total"]
            for query in ("", "&q=thing")
        )

    return ask


@pytest.fixture
def shop(commit):
    """A function that makes the category home, and returns its id: many products are in all."""

    def fill():
        bulk.fill(MANY)
        return create_category(NewCategory(name="home")).id

    return commit(fill)


def category_id(handle):
    """Return the id of a category."""
    return session.scalars(sa.select(Category.id).where(Category.handle == handle)).one()


def move(home):
    """Move the category all below another one."""
    update_category(category_id("all"), {"parent_id": home}, versions=ANY)


def pending():
    """Return the number of relistings that have not ended."""
    return session.scalar(sa.select(sa.func.count(Relisting.id)))


class TestMove:
    def test_is_done_in_batches(self, commit, shop, count):
        """The first products are listed at once; the job lists the others, batch by batch."""
        commit(move, shop)

        assert count("home") == (BATCH_SIZE, BATCH_SIZE)
        assert commit(relist) == MANY - BATCH_SIZE
        assert count("home") == (MANY, MANY)
        assert (commit(relist), commit(pending)) == (0, 0)
        done = commit(rows)
        commit(lambda: refresh_listings(*session.scalars(sa.select(Product.id))))
        assert commit(rows) == done

    def test_allows_changes_meanwhile(self, commit, shop, count):
        """Products that change before their batch are right at once, and stay so."""
        commit(move, shop)

        def change():
            last = session.scalars(sa.select(Product.id).order_by(Product.id.desc()).limit(2)).all()
            update_product(last[0], {"name": "Thing"}, versions=ANY)
            update_product(last[1], {"category_ids": []}, versions=ANY)

        commit(change)
        assert count("home") == (BATCH_SIZE + 1, BATCH_SIZE + 1)
        commit(relist)
        assert (count("home"), count("all")) == ((MANY - 1, MANY - 1),) * 2

    def test_goes_on_after_a_batch_that_failed(self, commit, shop, count):
        """A batch that does not end leaves nothing but its turn."""
        commit(move, shop)

        def fail():
            relist()
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            commit(fail)

        assert (count("home"), commit(pending)) == ((BATCH_SIZE, BATCH_SIZE), 1)
        commit(relist)
        assert count("home") == (MANY, MANY)


class TestRemoval:
    @pytest.fixture
    def sale(self, commit, shop):
        """The id of a category that all products are in, besides others."""

        def fill():
            sale = create_category(NewCategory(name="sale", parent_id=shop)).id
            ids = session.scalars(sa.select(Product.id)).all()
            links = [{"category_id": sale, "product_id": one, "position": 1} for one in ids]
            session.execute(sa.insert(ProductCategory), links)
            refresh_listings(*ids)
            refresh_words(*ids)
            return sale

        return commit(fill)

    def test_is_done_in_batches(self, client, charlie, commit, sale, count):
        """A category is gone at once, and its handle free; its products leave it one by one."""
        assert charlie.delete(f"/v1/categories/{sale}").status_code == 204

        assert client.get(f"/v1/categories/{sale}").status_code == 404
        assert "sale" not in str(client.get("/v1/categories?limit=100").json)
        refused = charlie.post("/v1/products", json={"name": "A", "category_ids": [str(sale)]})
        assert refused.status_code == 422
        assert (count("sale"), count("home")) == ((0, 0), (MANY - BATCH_SIZE,) * 2)
        commit(create_category, NewCategory(name="sale"))
        commit(relist)
        assert (count("home"), commit(pending)) == ((0, 0), 0)
        assert commit(lambda: session.get(Category, sale)) is None
        assert commit(lambda: set(session.scalars(sa.select(Product.version)))) == {2}

    def test_takes_out_what_was_linked_meanwhile(self, commit, sale, count):
        """A product that another transaction had linked before leaves the category, too."""
        commit(delete_category, sale)

        def link():
            first = session.scalars(sa.select(Product.id).order_by(Product.id).limit(1)).one()
            link = {"category_id": sale, "product_id": first, "position": 1}
            session.execute(sa.insert(ProductCategory), link)
            refresh_listings(first)

        commit(link)
        for _ in range(3):
            commit(relist)
        assert count("home") == (0, 0)
        assert commit(lambda: session.get(Category, sale)) is None

    def test_waits_for_what_is_being_linked(self, app, commit, sale, count):
        """A product that a transaction links while the removal ends leaves the category, too."""
        commit(delete_category, sale)

        def end():
            with app.app_context():
                relist()
                session.commit()

        def link():
            first = session.scalars(sa.select(Product.id).order_by(Product.id).limit(1)).one()
            linked = {"category_id": sale, "product_id": first, "position": 1}
            session.execute(sa.insert(ProductCategory), linked)
            refresh_listings(first)
            ending = threads.submit(end)
            wait_for_blocked_transaction(ending)
            return ending

        with ThreadPoolExecutor(1) as threads:
            commit(link).result()
        for _ in range(3):
            commit(relist)

        assert count("home") == (0, 0)
        assert commit(lambda: session.get(Category, sale)) is None

    def test_of_few_products_is_done_at_once(self, commit, count, shop):
        """A category with fewer products than a batch is removed in its own unit of work."""
        leaf = commit(category_id, "leaf-3")

        commit(delete_category, leaf)

        assert commit(lambda: session.get(Category, leaf)) is None
        assert (commit(pending), count("all")[0]) == (0, MANY - len(range(3, MANY, 20)))


class TestReindex:
    def test_is_continued(self, app, commit, shop, count):
        """What a run that was interrupted left is done by the next one, or by the job."""
        reports = []

        def interrupt(done, of):
            reports.append((done, of))
            raise KeyboardInterrupt

        with app.app_context(), pytest.raises(KeyboardInterrupt):
            reindex(interrupt)

        assert (reports, commit(pending)) == ([(BATCH_SIZE, MANY)], 1)
        with app.app_context():
            assert reindex(lambda *numbers: reports.append(numbers)) == MANY - BATCH_SIZE
        assert reports[1:] == [(MANY - BATCH_SIZE,) * 2]
        assert commit(pending) == 0
        with app.app_context(), pytest.raises(KeyboardInterrupt):
            reindex(interrupt)
        assert [commit(relist), commit(pending)] == [MANY - BATCH_SIZE, 0]
