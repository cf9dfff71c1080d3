"""The API document: valid, and with names of its feature's own."""

from mercato_testing.conformance import documents
from mercato_testing.samples.notes import feature


class TestInvalidParts:
    def test_passes_the_feature(self, client):
        """The document of a good feature is valid."""
        assert list(documents.invalid_parts(client.get("/openapi.json").json)) == []

    def test_finds_what_is_not_allowed(self):
        """A path without responses, a document without title."""
        document = {"openapi": "3.1.0", "info": {"version": "1"}, "paths": {"/x": {"get": []}}}

        assert list(documents.invalid_parts(document)) != []


class TestStrangeNames:
    def test_finds_names_without_prefix(self):
        """A schema name that another feature could have, too."""
        document = {"components": {"schemas": {"Note": {}, "NotesNote": {}, "Problem": {}}}}

        assert list(documents.strange_names(document, feature)) == [
            "schema Note: its name must start with Notes"
        ]
