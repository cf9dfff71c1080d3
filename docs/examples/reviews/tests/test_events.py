import pytest

from mercato_kit.outbox import publish

from .factories import body_of, order_paid, user_erased

PATH = "/v1/reviews"


class TestRememberBuyer:
    @pytest.fixture
    def settings(self):
        """A shop that listens to buyers."""
        return {"buyers_only": True}

    def test_who_paid_is_a_buyer(self, alice, bob, commit, run_worker):
        """After a paid order, or two, a customer may say something; others still may not."""
        for _ in range(2):
            commit(publish, order_paid(alice.sub))
        run_worker()

        answers = [who.post(PATH, json=body_of()) for who in (alice, bob)]

        assert [answer.status_code for answer in answers] == [201, 403]

    def test_guests_are_nobody(self, commit, run_worker):
        """An order of a guest makes no buyer, and is no mistake."""
        commit(publish, order_paid(None))

        assert run_worker().failed == 0


class TestForgetPerson:
    def test_nothing_of_theirs_stays(self, alice, bob, charlie, alices, commit, run_worker):
        """When a user is erased, so is what they said, and nothing of anybody else."""
        bobs = bob.post(PATH, json=body_of()).json

        commit(publish, user_erased(alice.sub))
        run_worker()

        assert charlie.get(PATH).json["data"] == [bobs]
