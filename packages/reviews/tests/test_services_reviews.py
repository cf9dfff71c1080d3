"""Reviews are written, found, changed and deleted."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from mercato_kit.db import engine, new_id
from mercato_testing.plans import Plans

from .factories import body_of, make_reviews, summary_of
from .fakes import CATALOG, LAMP, MUG


class TestWriteReview:
    def test_publishes_it(self, alice, client):
        """Anybody reads a new review, which does not name its author's account."""
        body = body_of(title="Bright", author_name="Alice")

        made = alice.post("/v1/reviews", json=body)

        assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
        assert made.json.items() >= {**body, "status": "published", "hidden_reason": None}.items()
        assert client.get(made.headers["Location"]).json == made.json
        assert str(alice.sub) not in made.text

    def test_accepts_one_a_customer_and_product(self, alice, bob, alices, commit):
        """A second one of the same product is refused, also sent at the same time."""
        refused = alice.post("/v1/reviews", json=body_of())
        other = alice.post("/v1/reviews", json=body_of(MUG))
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: bob.post("/v1/reviews", json=body_of()), range(4)))

        assert (refused.status_code, refused.json["code"]) == (409, "review_exists")
        assert other.status_code == 201
        assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
        assert commit(summary_of) == ((2, 8), (2, 8))

    def test_is_for_buyers(self, alice, charlie):
        """A product that the caller did not buy is refused with 403; staff are no exception."""
        for who in (alice, charlie):
            refused = who.post("/v1/reviews", json=body_of(new_id()))

            assert (refused.status_code, refused.json["code"]) == (403, "buyers_only")

    def test_is_for_accounts(self, client):
        """Guests cannot review."""
        assert client.post("/v1/reviews", json=body_of()).status_code == 401

    @pytest.mark.parametrize("rating", [0, 6, 4.5, "5", None])
    def test_takes_a_rating_from_1_to_5(self, alice, rating):
        """Another rating is refused at its pointer."""
        refused = alice.post("/v1/reviews", json=body_of(rating=rating))

        assert refused.status_code == 422
        assert [one["pointer"] for one in refused.json["errors"]] == ["/rating"]

    def test_says_something(self, alice):
        """A text of white space, which readers would see as an empty review, is refused."""
        refused = alice.post("/v1/reviews", json=body_of(text=" \n ", title=" ", author_name=" "))

        found = {error["pointer"]: error["code"] for error in refused.json["errors"]}
        assert found == dict.fromkeys(("/text", "/title", "/author_name"), "blank")

    def test_counts_reviews_written_at_once(self, app, as_user, commit):
        """Reviews of one product that are written at the same time all count."""
        authors = [as_user() for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(lambda one: one.post("/v1/reviews", json=body_of(rating=5)), authors)

            assert {one.status_code for one in answers} == {201}
        assert commit(summary_of) == ((8, 40), (8, 40))


class TestWithoutOrders:
    @pytest.fixture
    def fakes(self):
        """A catalogue, and no orders."""
        return [CATALOG]

    def test_everybody_with_an_account_may_review(self, alice, client):
        """Where no feature knows what was bought, an account is enough."""
        assert alice.post("/v1/reviews", json=body_of(new_id())).status_code == 201
        assert client.post("/v1/reviews", json=body_of()).status_code == 401


class TestBuyersOnlyOff:
    @pytest.fixture
    def settings(self):
        """Do not ask what was bought."""
        return {"buyers_only": False}

    def test_everybody_with_an_account_may_review(self, alice):
        """The operator may open reviews to all accounts."""
        assert alice.post("/v1/reviews", json=body_of(new_id())).status_code == 201


class TestListReviews:
    def test_of_a_product(self, client, commit):
        """Reviews of one product are found, sorted and filtered, a page at a time."""
        for product_id in (LAMP, MUG):
            commit(make_reviews, 2, 5, 3, product_id=product_id)
        url = f"/v1/reviews?product_id={LAMP}"

        def ratings(query):
            return [one["rating"] for one in client.get(f"{url}{query}").json["data"]]

        first = client.get(f"{url}&sort=-rating&limit=2").json
        second = ratings(f"&sort=-rating&limit=2&cursor={first['next_cursor']}")
        assert ratings("") == [3, 5, 2]
        assert [one["rating"] for one in first["data"]] + second == [5, 3, 2]
        assert ratings("&rating=2,3&sort=rating") == [2, 3]

    def test_shows_hidden_ones_to_staff_only(self, client, alice, charlie, alices):
        """`status=hidden` requires the permission; the public list has published ones only."""
        charlie.post(f"/v1/reviews/{alices['id']}/hide", json={})

        answers = [who.get("/v1/reviews?status=hidden") for who in (client, alice, charlie)]

        assert [one.status_code for one in answers] == [401, 403, 200]
        assert [one["id"] for one in answers[2].json["data"]] == [alices["id"]]
        assert client.get("/v1/reviews").json["data"] == []

    def test_sends_one_statement(self, client, commit, statements):
        """A page takes one statement, whatever its length."""
        commit(make_reviews, *[5] * 20)

        with statements as sent:
            assert len(client.get("/v1/reviews?limit=20").json["data"]) == 20

        assert len(sent) == 1, sent

    @pytest.mark.parametrize("sort", ["-created_at", "rating"])
    @pytest.mark.parametrize("query", ["", f"&product_id={LAMP}", "&status=hidden"])
    def test_is_read_in_the_order_of_an_index(self, app, charlie, commit, query, sort):
        """No list reads or sorts the reviews of a whole shop."""
        commit(make_reviews, 1, 2, 3)

        with app.app_context(), Plans(engine()) as plans:
            charlie.get(f"/v1/reviews?sort={sort}{query}")

        assert plans.plans
        assert plans.scans() + plans.sorts() == []


class TestListOwnReviews:
    def test_has_the_callers(self, alice, bob, charlie, alices):
        """Callers find their own, hidden ones too, with the reason."""
        charlie.post(f"/v1/reviews/{alices['id']}/hide", json={"reason": "An address"})

        mine = alice.get(f"/v1/reviews/mine?product_id={LAMP}").json["data"]

        assert [one["hidden_reason"] for one in mine] == ["An address"]
        assert alice.get(f"/v1/reviews/mine?product_id={MUG}").json["data"] == []
        assert bob.get("/v1/reviews/mine").json["data"] == []


class TestChangeReview:
    def test_changes_given_members(self, alice, alices, commit):
        """Other members stay; the summary follows the rating, and the version increases."""
        url, version = f"/v1/reviews/{alices['id']}", {"If-Match": '"1"'}

        changed = alice.patch(url, json={"rating": 1, "title": "Broken"}, headers=version)
        stale = alice.patch(url, json={"rating": 2}, headers=version)

        assert changed.status_code == 200
        assert changed.json == alices | {
            "rating": 1,
            "title": "Broken",
            "version": 2,
            "updated_at": changed.json["updated_at"],
        }
        assert stale.status_code == 412
        assert commit(summary_of) == ((1, 1), (1, 1))

    def test_is_for_its_author(self, bob, charlie, alices):
        """Other customers and staff cannot change or delete it."""
        url, version = f"/v1/reviews/{alices['id']}", {"If-Match": '"1"'}

        for who in (bob, charlie):
            changed = who.patch(url, json={"rating": 1}, headers=version)
            deleted = who.delete(url, headers=version)

            assert (changed.status_code, deleted.status_code) == (403, 403)


class TestDeleteReview:
    def test_lets_the_author_start_again(self, alice, client, alices, commit):
        """A deleted review is gone and counts no more; its author may write another one."""
        url = f"/v1/reviews/{alices['id']}"

        deleted = alice.delete(url, headers={"If-Match": '"1"'})
        gone = commit(summary_of)
        again = alice.post("/v1/reviews", json=body_of(rating=2))

        assert (deleted.status_code, client.get(url).status_code) == (204, 404)
        assert gone == ((0, 0), (0, 0))
        assert again.status_code == 201
        assert commit(summary_of) == ((1, 2), (1, 2))
