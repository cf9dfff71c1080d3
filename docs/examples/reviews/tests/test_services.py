import pytest

from mercato_kit.db import new_id

from .factories import body_of
from .fakes import LAMP, MUG

PATH = "/v1/reviews"


class TestMakeReview:
    def test_it_is_about_something_for_sale(self, alice):
        """The answer has what was said, the name of what it is about, and where it is."""
        made = alice.post(PATH, json=body_of(MUG, text="It holds coffee."))

        assert made.status_code == 201
        assert made.json["text"] == "It holds coffee."
        assert made.json["product_name"] == "Coffee mug"
        assert made.json["customer_id"] == str(alice.sub)
        assert made.headers["Location"] == f"{PATH}/{made.json['id']}"

    def test_guests_are_asked_who_they_are(self, client):
        """Nobody in particular has nothing to say."""
        assert client.post(PATH, json=body_of()).status_code == 401

    def test_what_is_not_for_sale_is_refused(self, alice):
        """A variant that the catalog does not sell is a conflict."""
        refused = alice.post(PATH, json=body_of(new_id()))

        assert (refused.status_code, refused.json["code"]) == (409, "variant_unavailable")

    def test_the_second_of_a_variant_is_refused(self, alice, bob, alices):
        """A customer makes one of each variant; others make theirs."""
        refused = alice.post(PATH, json=body_of())

        assert (refused.status_code, refused.json["code"]) == (409, "review_exists")
        assert alice.post(PATH, json=body_of(MUG)).status_code == 201
        assert bob.post(PATH, json=body_of()).status_code == 201

    def test_a_repeated_request_is_answered_again(self, alice):
        """The same key gets the same answer, and makes nothing."""
        key = {"Idempotency-Key": "said-once-and-for-all"}

        first, again = (alice.post(PATH, json=body_of(), headers=key) for _ in range(2))

        assert (first.status_code, again.status_code) == (201, 201)
        assert first.data == again.data
        assert len(alice.get(PATH).json["data"]) == 1

    @pytest.mark.parametrize("members", [{"text": ""}, {"text": "x" * 2001}, {"stars": 5}])
    def test_input_is_strict(self, alice, members):
        """Text has an end, and what is not listed is refused."""
        assert alice.post(PATH, json=body_of(**members)).status_code == 422


class TestBuyersOnly:
    @pytest.fixture
    def settings(self):
        """A shop that listens to buyers."""
        return {"buyers_only": True}

    def test_others_are_refused(self, alice):
        """Who never paid an order is told so."""
        refused = alice.post(PATH, json=body_of())

        assert (refused.status_code, refused.json["code"]) == (403, "buyers_only")


class TestFindReview:
    def test_its_owner_sees_it(self, alice, alices):
        """It is the one that was made, with its version as ETag."""
        found = alice.get(f"{PATH}/{alices['id']}")

        assert (found.status_code, found.json) == (200, alices)
        assert found.headers["ETag"] == '"1"'

    def test_staff_see_it(self, charlie, alices):
        """Holders of reviews.read see everybody's."""
        assert charlie.get(f"{PATH}/{alices['id']}").status_code == 200

    def test_for_others_it_is_not_there(self, bob, alices):
        """Another's answers as one that does not exist."""
        foreign, absent = bob.get(f"{PATH}/{alices['id']}"), bob.get(f"{PATH}/{new_id()}")

        assert foreign.status_code == absent.status_code == 404
        assert foreign.json["code"] == absent.json["code"] == "not_found"


class TestListReviews:
    def test_customers_see_their_own(self, alice, bob, charlie, alices):
        """A list has the caller's own; staff see all."""
        own, others, everybodys = (who.get(PATH).json["data"] for who in (alice, bob, charlie))

        assert own == everybodys == [alices]
        assert others == []

    def test_it_is_filtered_by_variant(self, alice, alices):
        """A filter finds what is about one variant."""
        alice.post(PATH, json=body_of(MUG))

        found = alice.get(f"{PATH}?variant_id={LAMP}").json["data"]

        assert found == [alices]

    def test_it_takes_one_statement(self, alice, alices, statements):
        """A longer list asks no more of the database."""
        alice.post(PATH, json=body_of(MUG))

        with statements as sent:
            alice.get(PATH)

        assert len(sent) == 1, sent


class TestChangeReview:
    def test_its_owner_changes_it(self, alice, alices):
        """The text is the new one, and the version has risen."""
        changed = change(alice, alices, "I bought it again.")

        assert (changed.status_code, changed.json["version"]) == (200, 2)
        assert changed.json["text"] == "I bought it again."
        assert changed.json == alice.get(f"{PATH}/{alices['id']}").json

    def test_who_read_another_version_is_refused(self, alice, alices):
        """Nobody overwrites a change that they have not seen."""
        change(alice, alices, "First.")

        refused = change(alice, alices, "Second.")

        assert (refused.status_code, refused.json["code"]) == (412, "stale_version")

    def test_others_do_not(self, bob, charlie, alices):
        """For other customers it is not there; staff see it, and leave it as it is."""
        answers = [change(who, alices, "Mine.") for who in (bob, charlie)]

        assert [answer.status_code for answer in answers] == [404, 403]


def change(who, said, text):
    """Change the text of what was read."""
    etag = {"If-Match": f'"{said["version"]}"'}
    return who.patch(f"{PATH}/{said['id']}", json={"text": text}, headers=etag)
