import pytest

from mercato_kit.db import new_id

from .factories import body_of
from .fakes import LAMP, MUG

PATH = "/v1/reviews"


class TestMakeReview:
    def test_creates_review(self, alice):
        """The response has the text, the product's name and a Location."""
        made = alice.post(PATH, json=body_of(MUG, text="It holds coffee."))

        assert made.status_code == 201
        assert made.json["text"] == "It holds coffee."
        assert made.json["product_name"] == "Coffee mug"
        assert made.json["customer_id"] == str(alice.sub)
        assert made.headers["Location"] == f"{PATH}/{made.json['id']}"

    def test_refuses_guests(self, client):
        """A guest gets 401."""
        assert client.post(PATH, json=body_of()).status_code == 401

    def test_refuses_an_unavailable_variant(self, alice):
        """A variant that is not for sale is a conflict."""
        refused = alice.post(PATH, json=body_of(new_id()))

        assert (refused.status_code, refused.json["code"]) == (409, "variant_unavailable")

    def test_refuses_a_second_one(self, alice, bob, alices):
        """A customer creates one per variant; other customers create their own."""
        refused = alice.post(PATH, json=body_of())

        assert (refused.status_code, refused.json["code"]) == (409, "review_exists")
        assert alice.post(PATH, json=body_of(MUG)).status_code == 201
        assert bob.post(PATH, json=body_of()).status_code == 201

    def test_is_idempotent(self, alice):
        """A repeated request gets the same response and creates nothing."""
        key = {"Idempotency-Key": "an-idempotency-key-01"}

        first, again = (alice.post(PATH, json=body_of(), headers=key) for _ in range(2))

        assert (first.status_code, again.status_code) == (201, 201)
        assert first.data == again.data
        assert len(alice.get(PATH).json["data"]) == 1

    @pytest.mark.parametrize("members", [{"text": ""}, {"text": "x" * 2001}, {"stars": 5}])
    def test_input_is_strict(self, alice, members):
        """The text has a maximum length, and unknown fields are refused."""
        assert alice.post(PATH, json=body_of(**members)).status_code == 422


class TestBuyersOnly:
    @pytest.fixture
    def settings(self):
        """Accept only buyers."""
        return {"buyers_only": True}

    def test_refuses_other_customers(self, alice):
        """A customer without a paid order gets 403."""
        refused = alice.post(PATH, json=body_of())

        assert (refused.status_code, refused.json["code"]) == (403, "buyers_only")


class TestFindReview:
    def test_the_owner_sees_it(self, alice, alices):
        """The response is the one of the creation, with the version as ETag."""
        found = alice.get(f"{PATH}/{alices['id']}")

        assert (found.status_code, found.json) == (200, alices)
        assert found.headers["ETag"] == '"1"'

    def test_staff_see_it(self, charlie, alices):
        """Holders of reviews.read see those of all customers."""
        assert charlie.get(f"{PATH}/{alices['id']}").status_code == 200

    def test_other_customers_get_404(self, bob, alices):
        """One of another customer answers 404, like one that does not exist."""
        foreign, absent = bob.get(f"{PATH}/{alices['id']}"), bob.get(f"{PATH}/{new_id()}")

        assert foreign.status_code == absent.status_code == 404
        assert foreign.json["code"] == absent.json["code"] == "not_found"


class TestListReviews:
    def test_customers_see_their_own(self, alice, bob, charlie, alices):
        """Customers list their own; staff list all."""
        own, others, everybodys = (who.get(PATH).json["data"] for who in (alice, bob, charlie))

        assert own == everybodys == [alices]
        assert others == []

    def test_filters_by_variant(self, alice, alices):
        """The filter selects those of one variant."""
        alice.post(PATH, json=body_of(MUG))

        found = alice.get(f"{PATH}?variant_id={LAMP}").json["data"]

        assert found == [alices]

    def test_takes_one_statement(self, alice, alices, statements):
        """The number of statements does not depend on the length of the list."""
        alice.post(PATH, json=body_of(MUG))

        with statements as sent:
            alice.get(PATH)

        assert len(sent) == 1, sent


class TestChangeReview:
    def test_the_owner_changes_it(self, alice, alices):
        """The text is changed, and the version increased."""
        changed = change(alice, alices, "I bought it again.")

        assert (changed.status_code, changed.json["version"]) == (200, 2)
        assert changed.json["text"] == "I bought it again."
        assert changed.json == alice.get(f"{PATH}/{alices['id']}").json

    def test_refuses_an_outdated_version(self, alice, alices):
        """A change based on an outdated version is refused."""
        change(alice, alices, "First.")

        refused = change(alice, alices, "Second.")

        assert (refused.status_code, refused.json["code"]) == (412, "stale_version")

    def test_refuses_other_callers(self, bob, charlie, alices):
        """Other customers get 404; staff get 403."""
        answers = [change(who, alices, "Mine.") for who in (bob, charlie)]

        assert [answer.status_code for answer in answers] == [404, 403]


def change(who, created, text):
    """Change the text of a response body."""
    etag = {"If-Match": f'"{created["version"]}"'}
    return who.patch(f"{PATH}/{created['id']}", json={"text": text}, headers=etag)
