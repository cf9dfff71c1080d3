"""Change the server key of an app, as an operator does."""

import secrets
from datetime import timedelta

from flask import Flask

from mercato_kit.db import utc_now

_NAMES = ("SECRET_KEY", "SECRET_KEY_PREVIOUS", "SECRET_KEY_PREVIOUS_UNTIL")


class ServerKey:
    """The server key of an app, which a test changes.

    Args:
        app: The app.
    """

    def __init__(self, app: Flask) -> None:
        self._config = app.config
        self._before = {name: app.config.get(name) for name in _NAMES}

    def change(self) -> None:
        """Give the app another key; the one before is accepted for a day."""
        self._config.update(
            SECRET_KEY=secrets.token_urlsafe(48),
            SECRET_KEY_PREVIOUS=self._config["SECRET_KEY"],
            SECRET_KEY_PREVIOUS_UNTIL=utc_now() + timedelta(days=1),
        )

    def end_previous(self) -> None:
        """Let the time end in which the previous key is accepted."""
        self._config["SECRET_KEY_PREVIOUS_UNTIL"] = utc_now()

    def restore(self) -> None:
        """Give the app the keys that it had."""
        self._config.update(self._before)
