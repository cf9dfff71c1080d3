"""URL rules that are cheap to make."""

from uuid import UUID

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.routing import BuildError, Map

from mercato_runtime.rules import Rule

KEY = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def urls(*rules):
    """Bind rules to a host."""
    return Map([Rule(rule, endpoint=rule) for rule in rules]).bind("shop.test")


class TestRule:
    def test_matches(self):
        """It matches what a rule of werkzeug matches."""
        found = urls("/things/<uuid:key>", "/things/sale")

        assert found.match(f"/things/{KEY}") == ("/things/<uuid:key>", {"key": KEY})
        with pytest.raises(NotFound):
            found.match("/things/none")

    def test_builds(self):
        """It builds URLs, with what is no argument in the query; also a second time."""
        found = urls("/things/<uuid:key>", "/things")

        for _ in range(2):
            assert found.build("/things/<uuid:key>", {"key": KEY}) == f"/things/{KEY}"
            assert found.build("/things", {"limit": 2, "x": "a b"}) == "/things?limit=2&x=a+b"

    def test_refuses(self):
        """Without an argument no URL is built."""
        with pytest.raises(BuildError):
            urls("/things/<uuid:key>").build("/things/<uuid:key>")

    def test_is_made_at_the_first_url(self):
        """What builds URLs is not made before one is built."""
        compiled = []

        class Watched(Rule):
            @staticmethod
            def _get_func_code(code, name):
                compiled.append(name)
                return Rule._get_func_code(code, name)

        found = Map([Watched("/things/<key>", endpoint="thing")]).bind("shop.test")
        found.match("/things/7")
        before = len(compiled)
        found.build("thing", {"key": "7"})

        assert (before, len(compiled)) == (0, 1)
