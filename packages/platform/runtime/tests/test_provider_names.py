"""Names of the providers of a contract that many answer: in the API document, and as input."""

from typing import Final, Protocol

import pytest
from marshmallow import fields
from openapi_spec_validator import OpenAPIV31SpecValidator

from mercato_kit.feature import Feature, Offer
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone
from mercato_kit.schemas import ProviderName, Schema

ANSWERS: Final = "many"

NAMES = "TestProviderNamesNames"


class Carriers(Protocol):
    """A contract; its id is the name of this module."""


class Carrier:
    """Fits the contract."""


class ParcelSchema(Schema):
    """A parcel."""

    by = ProviderName(Carriers, required=True, metadata={"description": "Who carries it"})
    instead = ProviderName(Carriers, allow_none=True, metadata={"description": "Who else may"})


class SentSchema(Schema):
    """A parcel that was sent."""

    by = fields.String(metadata={"description": "Who carries it"})


blueprint = Blueprint("parcels", __name__, url_prefix="/v1")


@blueprint.post("/parcels", allow=anyone)
@blueprint.arguments(ParcelSchema)
@blueprint.response(201, SentSchema)
def send_parcel(parcel):
    """Send a parcel"""
    return parcel


PARCELS = Feature(name="parcels", summary="Parcels.", blueprints=[blueprint])


def carrying(*names):
    """Return a feature with a provider for each name."""
    offers = [Offer(Carriers, "1.0", Carrier, name=name) for name in names]
    return Feature(name="carriers", summary="Carriers.", offers=offers)


class TestDocument:
    @pytest.fixture
    def document(self, client_of):
        """A function that returns the API document of features."""
        return lambda *features: client_of(*features).get("/openapi.json").json

    def test_leaves_a_feature_as_it_is(self, document):
        """The component of a feature refers to the names, and is equal whatever is composed."""
        alone, together = document(PARCELS), document(PARCELS, carrying("ship", "cart"))

        own = alone["components"]["schemas"]["ParcelsParcel"]
        assert own == together["components"]["schemas"]["ParcelsParcel"]
        reference = {"$ref": f"#/components/schemas/{NAMES}"}
        assert own["properties"]["by"] == {**reference, "description": "Who carries it"}
        assert own["properties"]["instead"]["anyOf"] == [reference, {"type": "null"}]
        assert alone["paths"] == together["paths"]

    def test_has_the_names_that_are_composed(self, document):
        """The component has the names, and is valid without any."""
        alone, together = document(PARCELS), document(PARCELS, carrying("ship", "cart"))

        assert together["components"]["schemas"][NAMES]["enum"] == ["cart", "ship"]
        assert alone["components"]["schemas"][NAMES]["not"] == {}
        for one in (alone, together):
            assert list(OpenAPIV31SpecValidator(one).iter_errors()) == []


class TestInput:
    def test_is_a_name_that_is_composed(self, client_of):
        """A name of a provider is accepted, and refused where it is not composed."""
        client = client_of(PARCELS, carrying("ship"))

        assert client.post("/v1/parcels", json={"by": "ship", "instead": None}).status_code == 201
        refused = client.post("/v1/parcels", json={"by": "cart"})

        assert refused.status_code == 422
        assert refused.json["errors"][0]["code"] == "choice"
        assert refused.json["errors"][0]["detail"] == "Must be one of: ship."
