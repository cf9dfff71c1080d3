"""What features may know of how an app is served."""

from mercato_host import create_app
from mercato_kit.composition import Serving, current_composition
from mercato_testing.samples import notes


class TestServing:
    def test_is_that_of_the_deployment(self, tmp_path):
        """Features read processes, origins and Redis; the secret URL is not shown."""
        values = {
            "environment": "testing",
            "database": {"url": f"sqlite:///{tmp_path}/shop.db"},
            "server": {"workers": 4, "origins": ["https://shop.example"]},
            "redis": {"url": "redis://:a-secret@127.0.0.1:1/0"},
        }

        with create_app(values, features=[notes.feature]).app_context():
            serving = current_composition().serving

        assert serving == Serving(
            workers=4,
            origins=frozenset({"https://shop.example"}),
            redis_url="redis://:a-secret@127.0.0.1:1/0",
        )
        assert "a-secret" not in repr(serving)
