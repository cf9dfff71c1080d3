from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from mercato_kit.db import new_id, session
from mercato_products.services.categories import delete_category
from mercato_products.services.products import update_product
from mercato_products.services.versions import lock_product
from mercato_testing.waiting import wait_for_blocked_transaction

from . import factories


@pytest.fixture
def make(charlie):
    """A function that creates a category and returns it as JSON."""

    def post(name, parent=None, **values):
        parent_id = parent and parent["id"]
        made = charlie.post("/v1/categories", json={"name": name, "parent_id": parent_id, **values})
        assert made.status_code == 201, made.json
        return made.json

    return post


@pytest.fixture
def change(charlie):
    """A function that changes a category and returns the response."""

    def patch(category, **values):
        headers = {"If-Match": f'"{category["version"]}"'}
        return charlie.patch(f"/v1/categories/{category['id']}", json=values, headers=headers)

    return patch


class TestCreateCategory:
    def test_computes_path_and_depth(self, client, make):
        """A new category has its path and depth; anyone may read it."""
        home = make("Home")
        lamps = make("Floor Lamps", home, position=3)

        read = client.get(f"/v1/categories/{lamps['id']}")

        assert (home["path"], home["depth"]) == ("home/", 0)
        assert (lamps["path"], lamps["depth"]) == ("home/floor-lamps/", 1)
        assert (read.json, read.headers["ETag"]) == (lamps, '"1"')

    @pytest.mark.parametrize(
        ("sent", "status", "code"),
        [
            ({"name": "B", "handle": "home"}, 409, "handle_taken"),
            ({"name": "B", "parent_id": str(new_id())}, 422, "validation_failed"),
            ({"name": "B", "handle": "Home"}, 422, "validation_failed"),
            ({"name": " B"}, 422, "validation_failed"),
            ({}, 422, "validation_failed"),
        ],
    )
    def test_refuses_invalid_input(self, charlie, make, sent, status, code):
        """A handle in use, an unknown parent and an invalid handle or name are refused."""
        make("Home")

        refused = charlie.post("/v1/categories", json=sent)

        assert (refused.status_code, refused.json["code"]) == (status, code)

    def test_allows_eight_levels(self, charlie, make):
        """The ninth level is refused."""
        parent = None
        for depth in range(8):
            parent = make(f"Level {depth}", parent)

        refused = charlie.post("/v1/categories", json={"name": "Deep", "parent_id": parent["id"]})

        assert refused.status_code == 422

    def test_is_for_staff(self, client, alice):
        """Guests get 401, customers 403."""
        assert client.post("/v1/categories", json={"name": "A"}).status_code == 401
        assert alice.post("/v1/categories", json={"name": "A"}).status_code == 403


class TestListCategories:
    def test_lists_each_after_its_parent(self, client, make):
        """Categories are sorted by path, or only the children of one are listed."""
        home = make("Home")
        lamps = make("Lamps", home)
        make("Garden")
        make("Bulbs", lamps)

        paths = [item["path"] for item in client.get("/v1/categories").json["data"]]
        inside = client.get(f"/v1/categories?parent_id={home['id']}").json["data"]

        assert paths == ["garden/", "home/", "home/lamps/", "home/lamps/bulbs/"]
        assert [item["handle"] for item in inside] == ["lamps"]


class TestUpdateCategory:
    def test_moves_subcategories(self, client, make, change):
        """A new handle or parent changes the paths and versions of the subcategories."""
        home, garden = make("Home"), make("Garden")
        lamps = make("Lamps", home)
        bulbs = make("Bulbs", lamps)

        moved = change(lamps, parent_id=garden["id"], handle="lights")

        below = client.get(f"/v1/categories/{bulbs['id']}").json
        assert (moved.status_code, moved.json["path"]) == (200, "garden/lights/")
        assert (below["path"], below["depth"], below["version"]) == ("garden/lights/bulbs/", 2, 2)

    def test_moves_it_to_the_top(self, make, change):
        """With parent_id null, a category moves to the top."""
        lamps = make("Lamps", make("Home"))

        moved = change(lamps, parent_id=None)

        assert (moved.json["path"], moved.json["depth"]) == ("lamps/", 0)

    def test_refuses_a_cycle(self, make, change):
        """A category cannot be moved below itself or its subcategories."""
        home = make("Home")
        lamps = make("Lamps", home)
        bulbs = make("Bulbs", lamps)

        refusals = [change(home, parent_id=each["id"]) for each in (home, bulbs)]

        answers = [(refused.status_code, refused.json["code"]) for refused in refusals]
        assert answers == [(409, "category_cycle")] * 2

    def test_requires_the_current_version(self, charlie, make, change):
        """Without If-Match the response is 428, with another version 412."""
        home = make("Home")

        missing = charlie.patch(f"/v1/categories/{home['id']}", json={"name": "X"})
        stale = change(home | {"version": 9}, name="X")

        assert (missing.status_code, stale.status_code) == (428, 412)

    def test_changes_the_name_alone(self, make, change):
        """Path and handle do not change with the name."""
        home = make("Home")

        changed = change(home, name="At home", metadata={"icon": "house"}, position=4)

        assert changed.json == home | {
            "name": "At home",
            "metadata": {"icon": "house"},
            "position": 4,
            "version": 2,
            "updated_at": changed.json["updated_at"],
        }


class TestDeleteCategory:
    def test_keeps_its_products(self, client, charlie, commit, make):
        """The products of a removed category stay in the shop."""
        home = make("Home")
        product_id, _ = commit(factories.make_product, category_ids=[UUID(home["id"])])

        gone = charlie.delete(f"/v1/categories/{home['id']}")

        assert gone.status_code == 204
        assert client.get(f"/v1/categories/{home['id']}").status_code == 404
        assert client.get(f"/v1/products/{product_id}").json["category_ids"] == []

    def test_changes_the_version_of_its_products(self, client, charlie, commit, make):
        """The old ETag of a product of a removed category does not answer 304."""
        home, garden = make("Home"), make("Garden")
        there, _ = commit(factories.make_product, category_ids=[UUID(home["id"])])
        elsewhere, _ = commit(factories.make_product, category_ids=[UUID(garden["id"])])
        before = [client.get(f"/v1/products/{each}") for each in (there, elsewhere)]

        charlie.delete(f"/v1/categories/{home['id']}")

        after = [
            client.get(
                f"/v1/products/{read.json['id']}", headers={"If-None-Match": read.headers["ETag"]}
            )
            for read in before
        ]
        assert [answer.status_code for answer in after] == [200, 304]
        assert after[0].json["version"] == before[0].json["version"] + 1

    def test_refuses_a_category_with_subcategories(self, charlie, make):
        """Subcategories must be removed first."""
        home = make("Home")
        make("Lamps", home)

        refused = charlie.delete(f"/v1/categories/{home['id']}")

        assert (refused.status_code, refused.json["code"]) == (409, "category_not_empty")


class TestDeleteCategoryConcurrently:
    def test_waits_for_a_change_of_a_product(self, app, client, commit, make):
        """A transaction that has locked a product can still link it to the category.

        The removal is not retried here, so a deadlock would fail the test.
        """
        home = UUID(make("Home")["id"])
        product_id, _ = commit(factories.make_product, category_ids=[home])

        def delete():
            with app.app_context():
                delete_category(home)
                session.commit()

        def change():
            product = lock_product(product_id)
            deleted = threads.submit(delete)
            wait_for_blocked_transaction(deleted)
            update_product(product_id, {"category_ids": [home]}, versions={product.version})
            return deleted

        with ThreadPoolExecutor(1) as threads:
            commit(change).result()

        product = client.get(f"/v1/products/{product_id}").json
        assert (product["category_ids"], product["version"]) == ([], 3)
