import pytest
from flask import Flask, g

from mercato_kit.contexts import get_app, get_globals, get_request


class TestGet:
    def test_returns_the_objects_themselves(self):
        """The app, the request and `g` are those of the context, not proxies of them."""
        app = Flask("shop")

        with app.test_request_context("/lamps") as context:
            assert get_app() is app
            assert get_request() is context.request
            get_globals().colour = "red"
            assert g.colour == "red"

    @pytest.mark.parametrize("get", [get_app, get_request, get_globals])
    def test_refuses_outside_of_a_context(self, get):
        """Outside of a context there is none of them, as Flask says."""
        with pytest.raises(RuntimeError, match="outside of"):
            get()
