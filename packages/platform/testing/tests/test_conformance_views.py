"""The checks of views."""

import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from marshmallow import fields

from mercato_kit.views import View
from mercato_testing.conformance import views
from mercato_testing.samples.notes import Note, NoteSchema, feature  # noqa: F401 - under test
from mercato_testing.views import ViewCase

NOTES = ViewCase(
    st.builds(Note, id=st.uuids(), text=st.text("abc", max_size=9), stars=st.integers(0, 5)).map(
        lambda note: [note]
    )
)
BY_ID = {"id": Note.id == sa.bindparam("id")}


class LoudSchema(NoteSchema):
    loud = fields.String()

    class Meta(NoteSchema.Meta):
        fields = ("text", "loud")


class TestImpossibleViews:
    def test_finds_one(self):
        """A view of a schema that SQL cannot show is found."""
        assert list(views.impossible_views([("NOTE", View(NoteSchema))])) == []

        (found,) = views.impossible_views([("LOUD", View(LoudSchema))])

        assert found.startswith("LOUD: LoudSchema cannot be a view: loud is no column")


class TestDifferingViews:
    def test_accepts_equal_ones(self, app):
        """A view that shows what its schema dumps is accepted, alone and in a page."""
        sorts = {"text": Note.text}
        view = View(NoteSchema, filters=BY_ID, sorts=sorts, id=Note.id)

        assert list(views.differing_views(app, [("NOTE", view)], {"NOTE": NOTES})) == []

    def test_finds_another_value(self, app):
        """A view that computes something else than the schema dumps is found."""
        view = View(NoteSchema, filters=BY_ID, computed={"stars": Note.stars + 1})

        one = ViewCase(st.builds(Note, text=st.just("a")).map(lambda note: [note]))

        with pytest.raises(AssertionError, match=r"the view shows \{.*\}, and its schema \{"):
            list(views.differing_views(app, [("NOTE", view)], {"NOTE": one}))

    def test_finds_a_view_without_rows(self, app):
        """A view whose rows are not drawn is not forgotten."""
        (found,) = views.differing_views(app, [("NOTE", View(NoteSchema))], {})

        assert "to the fixture view_cases" in found
