from mercato_kit.outbox import publish
from mercato_reviews.privacy import export_subject

from .factories import body_of, summary_of, user_erased
from .fakes import MUG


class TestExportSubject:
    def test_has_the_reviews_of_the_person(self, alice, bob, alices, commit):
        """The export has the person's reviews as the API shows them, and no others."""
        bob.post("/v1/reviews", json=body_of())

        assert commit(export_subject, alice.sub) == {"reviews": [alices]}


class TestForgetAuthor:
    def test_deletes_the_reviews(self, alice, bob, charlie, alices, client, commit, run_worker):
        """The reviews of an erased user are gone and count no more, hidden ones included."""
        hidden = alice.post("/v1/reviews", json=body_of(MUG)).json["id"]
        charlie.post(f"/v1/reviews/{hidden}/hide", json={})
        others = bob.post("/v1/reviews", json=body_of(rating=1)).json

        commit(publish, user_erased(alice.sub))
        run_worker()

        assert [one["id"] for one in client.get("/v1/reviews").json["data"]] == [others["id"]]
        assert charlie.get("/v1/reviews?status=hidden").json["data"] == []
        assert commit(summary_of) == ((1, 1), (1, 1))
        assert commit(summary_of, MUG) == ((0, 0), (0, 0))
