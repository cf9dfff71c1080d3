import pytest

from mercato_oidc.issuer import MOST_BYTES
from mercato_oidc.issuer import IssuerError
from mercato_oidc.issuer import fetch

from .misbehaving import GOOD
from .misbehaving import WRONG
from .misbehaving import took

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
        """JSON by any of its content types."""
        issuer.answer_with(GOOD, kind)

        assert fetch(issuer.jwks_uri, 10) == GOOD

    def test_takes_as_much_as_is_allowed(self, issuer):
        """The limit itself is within the limit."""
        issuer.answer_with(b" " * MOST_BYTES)

        assert len(fetch(issuer.jwks_uri, 10)) == MOST_BYTES

    def test_takes_no_more(self, issuer):
        """One byte more is refused."""
        issuer.answer_with(b" " * (MOST_BYTES + 1))

        with pytest.raises(IssuerError, match="more than 262144 bytes"):
            fetch(issuer.jwks_uri, 10)

    @pytest.mark.parametrize("wrong", [one for one in WRONG if one not in NOT_FOR_FETCH])
    def test_ends_in_time(self, issuer, wrong):
        """Whatever comes, and however slowly: an error that says why, within the limit."""
        issuer.sent = 0
        WRONG[wrong](issuer)

        def refused():
            with pytest.raises(IssuerError):
                fetch(issuer.jwks_uri, TIMEOUT_SECONDS)

        _, seconds = took(refused)

        assert seconds < TIMEOUT_SECONDS + SLACK_SECONDS
