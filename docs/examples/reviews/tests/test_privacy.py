from mercato_reviews.privacy import export_subject

from .factories import body_of


class TestExportSubject:
    def test_it_is_what_the_person_said(self, alice, bob, alices, commit):
        """A person gets their own as the API shows it, and nobody else's."""
        bob.post("/v1/reviews", json=body_of())

        assert commit(export_subject, alice.sub) == {"reviews": [alices]}
