"""The OpenAPI document of what is composed."""

import flask_smorest

from mercato_kit.schemas import ProblemSchema


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest is untyped
    """flask-smorest's, with our problem documents and without its own error answers and page."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Leave errors to the host."""
