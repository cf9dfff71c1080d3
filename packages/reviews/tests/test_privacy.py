from mercato_kit.privacy import Subject
from mercato_reviews.privacy import PERSONAL_DATA, erase
from mercato_testing.privacy import exported

from .factories import body_of, summary_of
from .fakes import MUG


class TestExport:
    def test_has_the_reviews_of_the_person(self, alice, bob, alices, commit):
        """The export has the person's reviews as the API shows them, and no others."""
        bob.post("/v1/reviews", json=body_of())

        assert commit(exported, PERSONAL_DATA, Subject(alice.sub)) == {"reviews": [alices]}


class TestErase:
    def test_deletes_the_reviews(self, alice, bob, charlie, alices, client, commit):
        """The reviews of an erased user are gone and count no more, hidden ones included."""
        hidden = alice.post("/v1/reviews", json=body_of(MUG)).json["id"]
        charlie.post(f"/v1/reviews/{hidden}/hide", json={})
        others = bob.post("/v1/reviews", json=body_of(rating=1)).json

        erased = commit(erase, Subject(alice.sub))

        assert erased.counts == {"reviews": 2}
        assert [one["id"] for one in client.get("/v1/reviews").json["data"]] == [others["id"]]
        assert charlie.get("/v1/reviews?status=hidden").json["data"] == []
        assert commit(summary_of) == ((1, 1), (1, 1))
        assert commit(summary_of, MUG) == ((0, 0), (0, 0))
