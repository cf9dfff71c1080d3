"""The checks of the API document."""

from dataclasses import replace

from mercato_contracts.payments import Payments
from mercato_kit.feature import Need
from mercato_testing.conformance import documents
from mercato_testing.samples.notes import feature


class TestInvalidParts:
    def test_accepts_a_valid_document(self, client):
        """The document of a good feature is accepted."""
        assert list(documents.invalid_parts(client.get("/openapi.json").json)) == []

    def test_finds_violations(self):
        """A path without responses and a document without a title are found."""
        document = {"openapi": "3.1.0", "info": {"version": "1"}, "paths": {"/x": {"get": []}}}

        assert list(documents.invalid_parts(document)) != []


class TestStrangeNames:
    def test_finds_names_without_prefix(self):
        """A schema name that another feature could have is found."""
        document = {"components": {"schemas": {"Note": {}, "NotesNote": {}, "Problem": {}}}}

        assert list(documents.strange_names(document, feature)) == [
            "schema Note: its name must start with Notes"
        ]

    def test_accepts_the_names_of_needed_providers(self):
        """The names of a contract's providers belong to a feature that needs the contract."""
        document = {"components": {"schemas": {"PaymentsNames": {}}}}
        buyer = replace(feature, needs=[Need(Payments, ">=1,<2", at_least=0)])

        found = [[*documents.strange_names(document, one)] for one in (feature, buyer)]

        assert found == [["schema PaymentsNames: its name must start with Notes"], []]


class TestUndescribedParts:
    def test_accepts_a_described_document(self, client):
        """A document whose names are all in the glossary is accepted."""
        assert list(documents.undescribed_parts(client.get("/openapi.json").json)) == []

    def test_finds_what_is_not_explained(self):
        """A component, a property and parameters of a path and an operation are found."""
        unknown = {"name": "note_id", "in": "path"}
        document = {
            "components": {
                "schemas": {
                    "NotesNote": {"properties": {"text": {}, "pen": {"$ref": "#/…/NotesPen"}}},
                    "NotesPen": {"description": "A pen."},
                }
            },
            "paths": {"/x": {"parameters": [unknown], "get": {"parameters": [unknown]}}},
        }

        found = [line.partition(": ")[0] for line in documents.undescribed_parts(document)]

        assert found == [
            "NotesNote has no description",
            "NotesNote.text has no description",
            "/x",
            "/x",
        ]


class TestMissingExamples:
    def test_finds_parts_without_a_valid_one(self):
        """A parameter, a body, a response and a pattern are looked at; refusals are not."""
        text = {"type": "string", "pattern": "^a"}
        json = {"application/json": {"schema": {"$ref": "#/components/schemas/NotesNote"}}}
        operation = {
            "parameters": [{"name": "id", "required": True, "schema": text, "example": "b"}],
            "requestBody": {"content": json},
            "responses": {"201": {"content": json}, "409": {"content": json}},
        }
        document = {
            "components": {"schemas": {"NotesNote": {"properties": {"text": text}}}},
            "paths": {"/x": {"post": operation}},
        }

        assert [line.partition(" example")[0] for line in documents.missing_examples(document)] == [
            "POST /x: id has an invalid",
            "POST /x: body has no",
            "POST /x: 201 has no",
            "NotesNote.text has no",
        ]

    def test_accepts_valid_ones(self):
        """An example that its schema accepts is enough."""
        text = {"type": "string", "pattern": "^a", "examples": ["ab"]}
        note = {"schema": {"$ref": "#/components/schemas/NotesNote"}, "example": {"text": "ab"}}
        operation = {
            "requestBody": {"content": {"application/json": note}},
            "responses": {"201": {"content": {"application/json": note}}, "204": {}},
        }
        document = {
            "components": {"schemas": {"NotesNote": {"properties": {"text": text}}}},
            "paths": {"/x": {"post": operation}},
        }

        assert list(documents.missing_examples(document)) == []

    def test_wants_none_of_bytes(self):
        """A body of bytes needs no example."""
        schema = {"type": "string", "format": "binary"}
        body = {"content": {"application/octet-stream": {"schema": schema}}}
        document = {
            "components": {"schemas": {}},
            "paths": {"/x": {"post": {"requestBody": body, "responses": {}}}},
        }

        assert list(documents.missing_examples(document)) == []
