from mercato_reviews.privacy import export_subject

from .factories import body_of


class TestExportSubject:
    def test_exports_data_of_the_customer(self, alice, bob, alices, commit):
        """The export has the customer's own reviews in the format of the API."""
        bob.post("/v1/reviews", json=body_of())

        assert commit(export_subject, alice.sub) == {"reviews": [alices]}
