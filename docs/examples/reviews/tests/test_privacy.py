from mercato_kit.privacy import Subject
from mercato_reviews.privacy import PERSONAL_DATA, erase
from mercato_testing.privacy import exported

from .factories import body_of

PATH = "/v1/reviews"


class TestExport:
    def test_exports_data_of_the_customer(self, alice, bob, alices, commit):
        """The export has the customer's own reviews in the format of the API."""
        bob.post(PATH, json=body_of())

        found = commit(exported, PERSONAL_DATA, Subject(alice.sub))

        assert found == {"reviews": [alices]}


class TestErase:
    def test_deletes_data_of_the_customer(self, alice, bob, charlie, alices, commit):
        """The reviews of the customer are deleted, and no others."""
        bobs = bob.post(PATH, json=body_of()).json

        erased = commit(erase, Subject(alice.sub))

        assert erased.counts == {"reviews": 1}
        assert charlie.get(PATH).json["data"] == [bobs]
