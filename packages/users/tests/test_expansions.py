"""What other features add to users."""

import pytest
from marshmallow import fields

from mercato_contracts.people import People
from mercato_kit.feature import Expansion
from mercato_kit.schemas import Schema


class PointsSchema(Schema):
    """Points of a customer."""

    points = fields.Integer(metadata={"description": "How many"})


def read_points(ids):
    """Return the points of each person."""
    return {one: {"points": 7} for one in ids}


@pytest.fixture
def fakes():
    """A feature that expands people."""
    return [Expansion(People, "person", "points", PointsSchema, "Points.", read_points)]


class TestExpand:
    def test_of_accounts(self, alice, charlie):
        """Customers expand their own account, and staff those that they may read."""
        me = alice.get("/v1/users/me?expand=points").json
        one = charlie.get(f"/v1/users/{me['id']}?expand=points").json
        listed = charlie.get("/v1/users?expand=points").json["data"]

        assert me["expanded"] == {"points": {"points": 7}}
        assert one == me
        assert me in listed
        assert alice.get("/v1/users?expand=points").status_code == 403
