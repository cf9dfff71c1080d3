import pytest

from mercato_oidc.issuer import MOST_BYTES, IssuerError, fetch

from .misbehaving import GOOD, WRONG, took

TIMEOUT_SECONDS = 0.5
SLACK_SECONDS = 4

NOT_FOR_FETCH = {"HTML called JSON", "nested too deep", "nested too deep elsewhere", "not UTF-8"}
NOT_FOR_FETCH |= {"UTF-16", "nothing", "a list", "no keys", "keys by name"}
"""Wrong in their content alone."""


class TestFetch:
    @pytest.mark.parametrize(
        "kind",
        ["application/json", "application/jwk-set+json", "Application/JSON; charset=utf-8"],
    )
    def test_returns_json(self, issuer, kind):
        """Each content type of JSON is accepted."""
        issuer.answer_with(GOOD, kind)

        assert fetch(issuer.jwks_uri, 10) == GOOD

    def test_takes_as_much_as_is_allowed(self, issuer):
        """A body of exactly the maximum size is accepted."""
        issuer.answer_with(b" " * MOST_BYTES)

        assert len(fetch(issuer.jwks_uri, 10)) == MOST_BYTES

    def test_takes_no_more(self, issuer):
        """A body that is one byte larger is refused."""
        issuer.answer_with(b" " * (MOST_BYTES + 1))

        with pytest.raises(IssuerError, match="more than 262144 bytes"):
            fetch(issuer.jwks_uri, 10)

    @pytest.mark.parametrize("wrong", [one for one in WRONG if one not in NOT_FOR_FETCH])
    def test_ends_in_time(self, issuer, wrong):
        """Any faulty or slow response is an error with a reason, within the time limit."""
        issuer.sent = 0
        WRONG[wrong](issuer)

        def refused():
            with pytest.raises(IssuerError):
                fetch(issuer.jwks_uri, TIMEOUT_SECONDS)

        _, seconds = took(refused)

        assert seconds < TIMEOUT_SECONDS + SLACK_SECONDS
