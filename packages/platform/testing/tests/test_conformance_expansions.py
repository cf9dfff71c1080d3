"""The checks of expansions, and routes of what they expand."""

import dataclasses

import pytest
import sqlalchemy as sa
from marshmallow import fields

from mercato_kit.db import new_id, session
from mercato_kit.feature import Expansion, Feature, Glue
from mercato_kit.policies import permission
from mercato_kit.schemas import Schema
from mercato_testing.conformance import declarations, documents
from mercato_testing.conformance.expansions import faulty_expansions
from mercato_testing.samples import notes

feature = notes.feature

WORD = f"{__name__.rpartition('.')[2]}.pad"
IDS = [new_id(), new_id(), new_id()]


class Pads:
    """A contract whose things are pads; its id is the name of this module."""


class StarsSchema(Schema):
    """Stars of a pad."""

    count = fields.Integer(metadata={"description": "How many"})


def read_stars(ids):
    """Return stars of the known ids, in one statement."""
    session.execute(sa.text("SELECT 1"))
    return {one: {"count": 3} for one in ids if one in IDS}


def made(batch=read_stars, **members):
    """Return an expansion of pads."""
    return Expansion(Pads, "pad", "stars", StarsSchema, "Stars.", batch, **members)


def expanding(*expansions, **parts):
    """Return the feature with expansions."""
    return dataclasses.replace(feature, expansions=expansions, **parts)


def read_one_by_one(ids):
    """Send a statement for each id."""
    return {one: read_stars([one])[one] for one in ids if read_stars([one])}


def read_all(_ids):
    """Answer for ids that were not asked for."""
    return read_stars(IDS)


def read_none(_ids):
    """Have no value."""
    return {}


def read_strange(ids):
    """Have values that the schema cannot show."""
    return {one: {"count": "many"} for one in ids}


class TestFaultyExpansions:
    @pytest.mark.parametrize(
        ("batch", "found"),
        [
            (read_stars, None),
            (read_one_by_one, "stars: sends more than 2 statements for 3 ids"),
            (read_all, "stars: has values of ids that were not asked for"),
            (read_none, "stars: has no values of"),
            (read_strange, "stars: StarsSchema cannot show its values"),
        ],
    )
    def test_finds_what_is_wrong(self, app, batch, found):
        """An expansion reads a page in two statements, and has values of the ids asked for."""
        lines = list(faulty_expansions(app, expanding(made(batch)), {WORD: IDS}))

        assert [line.startswith(found) for line in lines] == ([True] if found else [])

    def test_wants_ids_with_values(self, app):
        """Without ids that have a value nothing would be tested; those of glue count."""
        glued = dataclasses.replace(feature, glue=[Glue(when=["pads"], expansions=[made()])])

        [line] = faulty_expansions(app, glued, {WORD: IDS[:1]})

        assert line == f"stars: add two ids of {WORD} that have a value to expanded_ids"


class TestUndeclaredPermissions:
    def test_finds_that_of_an_expansion(self):
        """The permission of an expansion is one of the manifest."""
        made_ = expanding(made(allow=permission("notes.burn")))

        assert list(declarations.undeclared_permissions(made_)) == [
            "expansion stars: the manifest does not declare 'notes.burn'"
        ]


class TestStaged:
    def test_shows_items_that_are_expanded(self, staged):
        """A route in `fakes` shows items of other features, so that they can be expanded."""
        shop = staged(made())

        shown = shop.client.get(f"/fakes/{WORD}?ids={IDS[0]},{new_id()}&expand=stars").json["data"]

        assert [one["expanded"] for one in shown] == [{"stars": {"count": 3}}, {"stars": None}]

    def test_documents_what_expands(self, staged):
        """The component of the expansion is in the document, and its name is the feature's."""
        stars = Feature(name="stars", summary="Stars.", expansions=[made()])

        document = staged(stars).client.get("/openapi.json").json

        assert document["components"]["schemas"]["StarsStars"]["description"] == "Stars of a pad."
        assert list(documents.invalid_parts(document)) == []
        assert list(documents.undescribed_parts(document)) == []
        names = list(documents.strange_names(document, stars))
        assert all(name.startswith("schema Notes") for name in names)
