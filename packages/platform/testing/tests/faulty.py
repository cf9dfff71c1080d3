"""Make features with faulty parts, for tests of the conformance checks."""

import sqlalchemy as sa

from mercato_kit import db
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone


def with_tables(*made):
    """Return a feature `notes` with the tables that the functions *made* add."""
    metadata = db.metadata("notes")
    for make in made:
        make(metadata)
    return Feature(name="notes", summary="For a test.", metadata=metadata)


def table(name, *parts):
    """Return a function that adds a table with an id and *parts* to a MetaData."""
    key = sa.Column("id", sa.Uuid, primary_key=True)
    return lambda metadata: sa.Table(name, metadata, key, *parts)


def with_route(*, allow=anyone, arguments=None, location="json", result=None, view=None, rule="/x"):
    """Return a feature with one route."""
    blueprint = Blueprint("notes", __name__, url_prefix="/v1")

    def nothing(*_arguments, **_variables):
        """Do nothing"""
        return {}

    function = view or nothing
    if result is not None:
        function = blueprint.response(200, result)(function)
    if arguments is not None:
        function = blueprint.arguments(arguments, location=location)(function)
    method = blueprint.get if location == "query" else blueprint.post
    method(rule, allow=allow, endpoint="view")(function)
    return Feature(name="notes", summary="For a test.", blueprints=[blueprint])
