import time

import httpx2
import pytest

from mercato_kit.db import new_id


class TestAct:
    def test_refuses_callers_without_the_secret(self, api, sandbox):
        """All calls need the secret, those of tests included; the page of customers does not."""
        path = api.open()
        asked = [path, "/admin/ledger", f"/3ds/{path.removeprefix('/payments/')}"]

        found = [httpx2.get(f"{sandbox.url}{one}", trust_env=False).status_code for one in asked]

        assert found == [401, 401, 200]

    def test_needs_a_key(self, api):
        """A call with effects has an idempotency key."""
        refused = api.http.post("/payments", json={})

        assert refused.status_code == 400

    @pytest.mark.parametrize(
        ("content", "status"),
        [(b"{", 400), (b"[]", 400), (b'{"amount": 0}', 400), (b"{}" + b" " * 70_000, 413)],
    )
    def test_refuses_malformed_bodies(self, api, content, status):
        """A body that is no payment, or too large, is refused."""
        headers = {"Idempotency-Key": "k"}

        assert api.http.post("/payments", content=content, headers=headers).status_code == status

    def test_refuses_a_key_for_another_request(self, api):
        """A key belongs to the request that came first with it."""
        path = api.open()
        api.confirm(path, "4242", key="one-key")

        refused = api.post(f"{path}/void", key="one-key")

        assert (refused.status_code, refused.json()["error"]["code"]) == (
            422,
            "idempotency_key_reused",
        )

    def test_forgets_keys_after_a_day(self, api):
        """After 24 hours a key is new."""
        path, _ = api.pay("4242")
        first = api.post(f"{path}/refunds", {"amount": 90}, key="one-key").json()

        api.admin("clock", {"advance_seconds": 86_401})
        again = api.post(f"{path}/refunds", {"amount": 90}, key="one-key").json()

        assert first["id"] != again["id"]

    def test_unknown_payments_are_404(self, api):
        """What does not exist is not found, by reads and by calls with effects."""
        found = [api.http.get("/payments/pay_0"), api.http.get("/refunds/ref_0")]
        found.append(api.post("/payments/pay_0/void"))

        assert {(it.status_code, it.json()["error"]["code"]) for it in found} == {
            (404, "not_found")
        }


class TestLostAnswers:
    @pytest.mark.parametrize(("card", "state"), [("0119", "created"), ("0127", "captured")])
    def test_of_cards(self, api, card, state):
        """Cards 0119 and 0127 get no answer; only the second one is charged."""
        path = api.open()
        api.http.timeout = httpx2.Timeout(1)

        with pytest.raises(httpx2.TimeoutException):
            api.confirm(path, card)

        assert api.get(path)["state"] == state

    def test_of_the_slow_card(self, api):
        """Card 0101 is answered after 3 s."""
        path = api.open()
        started = time.monotonic()

        answer = api.confirm(path, "0101")

        assert answer.json()["state"] == "captured"
        assert 3 <= time.monotonic() - started < 10


class TestFaults:
    def test_repeat_with_their_seed(self, api):
        """The same seed declines the same calls; another one others."""

        def declined(seed):
            api.faults(seed=seed, decline=0.5)
            return [api.pay("4242")[1].json()["state"] for _ in range(12)]

        first, again, other = declined(1), declined(1), declined(2)

        assert first == again != other
        assert set(first) == {"captured", "failed"}

    def test_fail_before_and_after_the_effect(self, api):
        """Half of the errors have an effect, which is there once."""
        path, _ = api.pay("4242")
        api.faults(seed=3, error_500=1)
        keys = [str(new_id()) for _ in range(8)]

        errors = [api.post(f"{path}/refunds", {"amount": 1}, key=one) for one in keys]
        api.faults()
        again = [api.post(f"{path}/refunds", {"amount": 1}, key=one) for one in keys]

        assert {one.status_code for one in errors} == {500}
        assert {one.status_code for one in again} == {201, 500}
        assert api.movements().count(("refund", 1)) == 8

    def test_are_refused_if_unknown(self, api):
        """A misspelt fault is refused."""
        assert api.faults(time_out=1).status_code == 400

    def test_end_with_a_reset(self, api):
        """A reset forgets payments, faults and the moved clock."""
        api.pay("4242")
        api.faults(decline=1)
        api.admin("clock", {"advance_seconds": 90_000})

        api.admin("reset")

        assert api.get("/admin/ledger")["charges"] == []
        assert api.get("/admin/faults")["decline"] == 0
        assert abs(api.admin("clock")["now"] - time.time()) < 60
