"""The test client finds problems that routes do not declare."""

import pytest

from mercato_kit.errors import Conflict
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone
from mercato_testing.refusals import UndeclaredProblem

blueprint = Blueprint("shelves", __name__, url_prefix="/v1/shelves")


class ShelfFull(Conflict):
    """The shelf has no room."""

    code = "shelf_full"
    title = "The shelf is full"


class ShelfVeryFull(ShelfFull):
    """The shelf has no room at all."""


@blueprint.post("/silent", allow=anyone)
@blueprint.response(204)
def fill_silently():
    """Fill a shelf"""
    raise ShelfFull


@blueprint.post("/honest", allow=anyone, refuses=[ShelfFull])
@blueprint.response(204)
def fill_honestly():
    """Fill a shelf"""
    raise ShelfVeryFull


@blueprint.post("/talkative", allow=anyone, refuses=[ShelfFull])
@blueprint.response(204)
def fill_and_talk():
    """Fill a shelf"""
    raise ShelfFull(boards=3)


feature = Feature(name="shelves", summary="For a test.", blueprints=[blueprint])


class TestClient:
    def test_fails_on_a_problem_that_the_route_does_not_declare(self, client):
        """The message names the request, the code and the route."""
        with pytest.raises(UndeclaredProblem, match=r"shelf_full.*fill_silently") as failed:
            client.post("/v1/shelves/silent")

        assert "POST /v1/shelves/silent answers 409" in str(failed.value)

    def test_fails_on_a_member_that_the_problem_does_not_declare(self, client):
        """The message names the member and the class of the problem."""
        with pytest.raises(UndeclaredProblem, match=r"shelf_full with boards.*ShelfFull"):
            client.post("/v1/shelves/talkative")

    def test_returns_a_problem_that_the_route_declares(self, client):
        """A subclass without a code of its own has that of its base."""
        assert client.post("/v1/shelves/honest").json["code"] == "shelf_full"

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("POST", "/v1/shelves/honest?x=1", 422),
            ("GET", "/v1/shelves/honest", 405),
            ("GET", "/v1/shelves/nowhere", 404),
        ],
    )
    def test_returns_problems_of_the_platform(self, client, method, path, status):
        """What any route answers needs no declaration."""
        assert client.open(path, method=method).status_code == status
