import pytest

from mercato_kit.outbox import publish

from .factories import body_of, order_paid

PATH = "/v1/reviews"


class TestRememberBuyer:
    @pytest.fixture
    def settings(self):
        """Accept only buyers."""
        return {"buyers_only": True}

    def test_a_paid_order_makes_a_buyer(self, alice, bob, commit, run_worker):
        """After one paid order or more, a customer is a buyer; others are not."""
        for _ in range(2):
            commit(publish, order_paid(alice.sub))
        run_worker()

        answers = [who.post(PATH, json=body_of()) for who in (alice, bob)]

        assert [answer.status_code for answer in answers] == [201, 403]

    def test_ignores_guests(self, commit, run_worker):
        """A paid order of a guest makes no buyer and no error."""
        commit(publish, order_paid(None))

        assert run_worker().failed == 0
