"""Descriptions and examples in the API document."""

import json

import pytest

from mercato_composition.features.candidate import Candidate
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.schemas import Schema, Text
from mercato_runtime.api.examples import add_examples, examples_of, share_examples
from mercato_runtime.api.glossary import describe_component, describe_parameters, words_of

RECORD = {
    "request": {
        "path": {"id": "1"},
        "query": {"limit": "2"},
        "body": {"code": "a-b", "parts": [{"name": "x"}], "words": {"k": "v"}},
    },
    "status": 201,
    "answer": {"id": "1"},
    "refusals": {"shelf_full": {"status": 409, "code": "shelf_full"}},
}


class ShelfSchema(Schema):
    """A shelf."""

    code = Text()


class LowShelfSchema(ShelfSchema):
    pass


def feature_of(package, **glossary):
    """Return a feature whose blueprint belongs to *package*."""
    blueprint = Blueprint("shelves", package, url_prefix="/v1", glossary=glossary)
    return Candidate(Feature(name="shelves", summary="For a test.", blueprints=[blueprint]))


class TestWordsOf:
    def test_are_those_of_the_feature_before_those_of_the_platform(self):
        """A feature can give a name of the platform another meaning."""
        words = words_of(feature_of(__name__, id="Number", code="Code"))

        assert (words["id"], words["code"]) == ("Number", "Code")
        assert words["has_more"] == "Whether there is a next page"


class TestDescribeComponent:
    def test_says_what_properties_mean(self):
        """The name with the schema precedes the name; what a field says itself stays."""
        component = {"properties": {"code": {}, "note": {}, "text": {"description": "Mine"}}}
        words = {"code": "Any code", "Shelf.code": "Code of a shelf", "note": "Note", "text": "No"}

        describe_component(component, ShelfSchema, words)

        assert component["description"] == "A shelf."
        found = {name: it["description"] for name, it in component["properties"].items()}
        assert found == {"code": "Code of a shelf", "note": "Note", "text": "Mine"}

    def test_leaves_what_others_describe(self):
        """A docstring of a base, and a bare reference, describe something else."""
        component = {"properties": {"shelf": {"$ref": "#/components/schemas/Shelf"}}}

        describe_component(component, LowShelfSchema, {"shelf": "Shelf"})

        assert component == {"properties": {"shelf": {"$ref": "#/components/schemas/Shelf"}}}


class TestDescribeParameters:
    def test_derives_bounds_and_lists(self):
        """A bound is described after what it compares; a list says how values are separated."""
        bound = {"name": "price[gte]", "schema": {}}
        listed = {"name": "ids", "schema": {"type": "array"}}
        other = {"name": "price[eq]", "schema": {}}

        describe_parameters([bound, listed, other], {"price": "Price", "ids": "Ids"})

        assert bound["description"] == "At least: Price"
        assert listed["description"] == "Ids; repeat it, or separate values by commas"
        assert other["description"] == "Price"


class TestExamplesOf:
    def test_are_in_the_package_of_the_blueprint(self, tmp_path, monkeypatch):
        """A package ships its examples beside its modules."""
        package = tmp_path / "shelves_with_examples"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "examples.json").write_text(json.dumps({"shelves_read": {"status": 200}}))
        monkeypatch.syspath_prepend(tmp_path)

        found = examples_of(feature_of("shelves_with_examples.routes"))

        assert found == {"shelves_read": {"status": 200}}

    @pytest.mark.parametrize("package", ["no_such_package", "json", "this"])
    def test_may_be_absent(self, package):
        """A manifest in a module, or in a package without the file, has no examples."""
        assert examples_of(feature_of(package)) == {}


class TestAddExamples:
    @pytest.fixture
    def schemas(self):
        """Components with patterns at each place where a text can be."""
        text = {"type": "string", "pattern": "^."}
        part = {"properties": {"name": {**text}}}
        parts = {"type": "array", "items": {"anyOf": [{"$ref": "#/components/schemas/Part"}]}}
        words = {"additionalProperties": {**text}}
        shelf = {"properties": {"code": {**text}, "parts": parts, "words": words}}
        return {"Part": part, "Shelf": shelf}

    @pytest.fixture
    def operation(self):
        """An operation with a required and an optional parameter."""
        shelf = {"schema": {"$ref": "#/components/schemas/Shelf"}}
        return {
            "parameters": [
                {"in": "path", "name": "id", "required": True},
                {"in": "query", "name": "limit", "required": False},
            ],
            "requestBody": {"content": {"application/json": dict(shelf)}},
            "responses": {
                "201": {"content": {"application/json": dict(shelf)}},
                "409": {"content": {"application/problem+json": {}}},
                "422": {"$ref": "#/components/responses/InvalidProblem"},
            },
        }

    def test_fill_parameters_bodies_and_responses(self, operation, schemas):
        """Optional parameters have none, because Swagger UI would send them."""
        add_examples(operation, RECORD, schemas)

        required, optional = operation["parameters"]
        responses = operation["responses"]
        assert (required["example"], "example" in optional) == ("1", False)
        body = operation["requestBody"]["content"]["application/json"]
        assert body["example"] == RECORD["request"]["body"]
        assert responses["201"]["content"]["application/json"]["example"] == {"id": "1"}
        refused = responses["409"]["content"]["application/problem+json"]["examples"]
        assert refused == {"shelf_full": {"value": {"status": 409, "code": "shelf_full"}}}

    def test_fill_patterns(self, operation, schemas):
        """Each text with a pattern has the value that was sent, also in lists and maps."""
        add_examples(operation, RECORD, schemas)

        shelf = schemas["Shelf"]["properties"]
        assert shelf["code"]["examples"] == ["a-b"]
        assert shelf["words"]["additionalProperties"]["examples"] == ["v"]
        assert schemas["Part"]["properties"]["name"]["examples"] == ["x"]

    def test_of_nothing_change_nothing(self, operation, schemas):
        """An operation that was not recorded has no examples."""
        add_examples(operation, {}, schemas)

        assert "example" not in json.dumps([operation, schemas])


class TestShareExamples:
    def test_gives_them_to_equal_properties(self):
        """Only a property with the same name and the same pattern gets the example."""
        known = {"properties": {"code": {"pattern": "a", "examples": ["a"]}}}
        equal = {"properties": {"code": {"pattern": "a"}}}
        other = {"properties": {"code": {"pattern": "b"}, "name": {"pattern": "a"}}}

        share_examples([equal, other, known])

        assert equal["properties"]["code"]["examples"] == ["a"]
        assert "examples" not in json.dumps(other)
