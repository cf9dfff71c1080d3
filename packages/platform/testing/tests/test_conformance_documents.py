"""The checks of the API document."""

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
