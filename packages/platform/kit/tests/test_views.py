import json
from datetime import UTC, datetime, timedelta

import marshmallow as ma
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings, strategies as st
from marshmallow import fields
from sqlalchemy.orm import selectinload

from mercato_kit import db, work
from mercato_kit.errors import InvalidCursor, NotFound
from mercato_kit.http import Blueprint, PageRequest, page_of, paginate
from mercato_kit.policies import anyone
from mercato_kit.schemas import ModelSchema
from mercato_kit.views import Through, View, any_of, comparisons

from . import demo
from .demo import Label, Note, NoteSchema
from .steps import add_labelled


class LabelSchema(ModelSchema):
    title = fields.String(attribute="note.title")

    class Meta(ModelSchema.Meta):
        model = Label
        fields = ("id", "note_id", "word", "is_public", "shown_at", "extra", "title")


class LabelledSchema(ModelSchema):
    labels = fields.List(fields.Nested(LabelSchema))
    metadata = fields.Dict(attribute="metadata_")

    class Meta(ModelSchema.Meta):
        model = Note
        fields = ("id", "title", "rank", "extra", "labels", "metadata", "version", "created_at")


SORTS = {"created_at": Note.created_at, "title": Note.title, "rank": Note.rank}
LABELLED = View(LabelledSchema, filters={"id": Note.id == sa.bindparam("id")})
NOTES = View(
    NoteSchema,
    filters={
        "any_rank": any_of(Note.rank, "any_rank"),
        "any_id": any_of(Note.id, "any_id"),
        "pinned": Note.pinned == 1,
        "word": Through(
            Label,
            Label.note_id == Note.id,
            Label.word == sa.bindparam("word"),
            sorts={"shown_at": Label.shown_at},
            id=Label.id,
        ),
        "between": Note.rank.between(sa.bindparam("least"), sa.bindparam("most")),
        **comparisons(Note.rank, Note.title, Note.created_at),
    },
    sorts=SORTS,
    id=Note.id,
)

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=9)
START = datetime(1900, 1, 1, tzinfo=UTC)
TIMES = st.timedeltas(timedelta(), timedelta(days=365 * 399)).map(START.__add__)
JSON = st.dictionaries(TEXT, st.none() | st.booleans() | st.integers(-9, 9) | TEXT, max_size=3)
LABELS = st.builds(
    Label,
    id=st.uuids(),
    word=st.none() | TEXT,
    is_public=st.none() | st.booleans(),
    shown_at=st.none() | TIMES,
    extra=st.none() | JSON,
)
LABELLED_NOTES = st.tuples(
    st.builds(
        Note, title=TEXT, rank=st.integers(0, 2**31 - 1), extra=st.none() | JSON, metadata_=JSON
    ),
    st.lists(LABELS, max_size=3, unique_by=lambda label: label.id),
)
ON_EACH = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class TestOne:
    @ON_EACH
    @given(drawn=LABELLED_NOTES)
    def test_equals_the_dump_of_the_entity(self, app, drawn):
        """A view shows what the schema dumps, whatever the values."""
        with app.app_context():
            note, labels = drawn
            note = _copy(note, id=db.new_id())
            copies = [
                _copy(label, note_id=note.id, position=place) for place, label in enumerate(labels)
            ]
            _replace([note, *copies])

            shown = json.loads(LABELLED.one(id=note.id).json())

            loaded = sa.select(Note).options(selectinload(Note.labels).joinedload(Label.note))
            assert shown == LabelledSchema().dump(db.session.scalars(loaded).one())
            assert list(shown) == sorted(shown)

    def test_refuses_what_is_not_there(self, app):
        """A row that no filter selects is not found."""
        with app.app_context():
            assert LABELLED.find(id=db.new_id()) is None
            with pytest.raises(NotFound):
                LABELLED.one(id=db.new_id())

    def test_opens_no_session(self, app):
        """A unit of work that only reads through views has no session and no transaction."""
        with app.app_context():
            work.run(lambda: LABELLED.find(id=db.new_id()), read_only=True)

            assert not db.session.registry.has()

    def test_sees_what_its_unit_of_work_wrote(self, in_unit):
        """Inside a unit of work that may write, a view reads on its connection."""

        def step():
            note = Note(title="new")
            db.session.add(note)
            return LABELLED.one(id=note.id or _flushed(note)).content["title"]

        assert in_unit(step) == "new"

    def test_shows_nested_rows_of_a_condition(self, app):
        """A condition of nested rows applies if its parameter is given."""
        view = View(
            LabelledSchema,
            only={"labels": [Label.position > 0, Label.word == sa.bindparam("word")]},
        )
        with app.app_context():
            add_labelled("a", labels=["x", "y", "z"])

            words = [
                [label["word"] for label in json.loads(view.one(**values).json())["labels"]]
                for values in ({}, {"word": "z"}, {"word": None})
            ]

        assert words == [["y", "z"], ["z"], []]

    def test_computes_fields(self, app):
        """SQL takes the place of a property: a value, a row, rows, or a list of values."""

        class ComputedSchema(LabelledSchema):
            first = fields.Nested(LabelSchema)
            words = fields.List(fields.String())
            size = fields.Integer()
            loud = fields.String()

            class Meta(LabelledSchema.Meta):
                fields = ("title", "first", "words", "size", "loud", "labels")

        of_note = Label.note_id == Note.id
        view = View(
            ComputedSchema,
            computed={
                "first": sa.select(Label).where(of_note).order_by(Label.position).limit(1),
                "words": sa.select(Label.word).where(of_note).order_by(Label.position.desc()),
                "size": sa.select(sa.func.count()).select_from(Label).where(of_note),
                "loud": Note.title + sa.bindparam("mark"),
                "labels": sa.select(Label).where(of_note, Label.position == 1),
                "labels.title": sa.literal("t"),
            },
        )
        with app.app_context():
            add_labelled("a", labels=["x", "y"])

            shown = json.loads(view.one(mark="!").json())
            unmarked = view.one()

        assert (shown["first"]["word"], shown["words"], shown["size"]) == ("x", ["y", "x"], 2)
        assert [(label["word"], label["title"]) for label in shown["labels"]] == [("y", "t")]
        assert (shown["loud"], unmarked.content["loud"]) == ("a!", None)

    def test_shows_null_for_no_row(self, app):
        """A nested row that does not exist is null, and no nested rows are an empty list."""

        class FirstSchema(LabelledSchema):
            first = fields.Nested(LabelSchema)

            class Meta(LabelledSchema.Meta):
                fields = ("first", "labels")

        view = View(FirstSchema, computed={"first": sa.select(Label).limit(1)})
        with app.app_context():
            add_labelled("a")

            assert json.loads(view.one().json()) == {"first": None, "labels": []}

    def test_refuses_other_names(self, app):
        """A misspelt filter is refused, as it would show more than was asked for."""
        with app.app_context(), pytest.raises(TypeError, match="no filter or parameter 'ids'"):
            LABELLED.find(ids=db.new_id())

    @pytest.mark.parametrize("value", [None, "", 0, []])
    def test_refuses_to_drop_a_condition(self, app, value):
        """A filter without a parameter applies or not: what is false by chance drops none."""
        with app.app_context(), pytest.raises(TypeError, match="'pinned' is True or False"):
            NOTES.find(pinned=value)


class TestOf:
    @ON_EACH
    @given(drawn=LABELLED_NOTES, created_at=TIMES)
    def test_equals_the_dump_of_the_entity(self, drawn, created_at):
        """A row that was not read back is shown as the schema dumps its entity."""
        note, labels = drawn
        note = _copy(note, id=db.new_id(), version=1, created_at=created_at)
        note.labels = [_copy(label, note_id=note.id, note=note) for label in labels]
        rows = [{**_values(label), "note.title": note.title} for label in note.labels]

        shown = json.loads(LABELLED.of({**_values(note), "labels": rows}).json())

        assert shown == LabelledSchema().dump(note)
        assert list(shown) == sorted(shown)

    def test_leaves_out_what_the_view_does(self):
        """Fields in ``without`` need no value, nested ones neither."""
        view = View(LabelledSchema, without=["extra", "labels.title", "labels.extra", "metadata"])
        note = _copy(Note(title="a", rank=1), id=db.new_id(), version=1, created_at=START)
        label = {"id": db.new_id(), "note_id": note.id, "word": "x", "is_public": None}

        shown = view.of({**_values(note), "labels": [{**label, "shown_at": None}]}).content

        assert shown.keys() == {"id", "title", "rank", "labels", "version", "created_at"}
        assert shown["labels"][0].keys() == {*label, "shown_at"}

    def test_refuses_a_row_without_a_value(self):
        """A value that is missing is an error, and no field is left out because of it."""
        with pytest.raises(KeyError, match="labels"):
            LABELLED.of(_values(_copy(Note(title="a"), created_at=START)))


class TestPage:
    @pytest.mark.parametrize("sort", ["rank", "-rank", "created_at", "-created_at", "-title"])
    def test_equals_a_page_of_entities(self, app, sort):
        """Pages, cursors and totals are those of ``paginate``; cursors of one fit the other."""
        with app.app_context():
            for number in range(7):
                add_labelled(str(number), rank=number % 2)
            cursor, pages = None, []
            while not pages or cursor:
                page = PageRequest(sort=sort, limit=3, cursor=cursor, include_total=not pages)
                entities = paginate(sa.select(Note), page, columns=SORTS, id=Note.id)
                pages.append((NOTES.page(page), page_of(NoteSchema)().dump(entities)))
                cursor = entities.next_cursor

        assert [json.loads(shown.json()) for shown, _ in pages] == [dumped for _, dumped in pages]
        assert [len(dumped["data"]) for _, dumped in pages] == [3, 3, 1]

    @pytest.mark.parametrize(
        ("values", "titles"),
        [
            ({}, "abc"),
            ({"rank": 1}, "b"),
            ({"rank": None}, ""),
            ({"rank_gte": 1, "rank_lt": 2}, "b"),
            ({"any_rank": [0, 2]}, "ac"),
            ({"any_rank": []}, ""),
            ({"any_id": []}, ""),
            ({"between": {"least": 1, "most": 2}}, "bc"),
            ({"pinned": True}, "c"),
            ({"pinned": False}, "abc"),
            ({"title": "c", "rank": 0}, ""),
        ],
    )
    def test_filters(self, app, values, titles):
        """Each filter whose value is given applies."""
        with app.app_context():
            for number, title in enumerate("abc"):
                add_labelled(title, rank=number, pinned=int(title == "c"), owner=title)

            shown = NOTES.page(PageRequest(sort="title", include_total=True), **values)

        assert "".join(row["title"] for row in _items(shown)) == titles
        assert shown.content["total"] == len(titles)

    def test_finds_any_of_many_ids(self, app):
        """A list of ids is one parameter, so the statement stays the same."""
        with app.app_context():
            ids = [add_labelled(title).id for title in "abc"]

            shown = NOTES.page(PageRequest(sort="title"), any_id=ids[1:])

        assert [row["title"] for row in _items(shown)] == ["b", "c"]

    def test_sorts_by_a_table_of_a_filter(self, app):
        """A filter may join a table, and the list is sorted by it: each row once, over pages."""
        with app.app_context():
            for day, title in enumerate("cab", start=1):
                add_labelled(title, labels=["x"], shown_at=datetime(2026, 1, day, tzinfo=UTC))
            add_labelled("d", labels=["y"], shown_at=datetime(2026, 1, 9, tzinfo=UTC))
            page = PageRequest(sort="shown_at", limit=2)

            first = NOTES.page(page, word="x")
            rest = PageRequest(sort="shown_at", limit=2, cursor=first.content["next_cursor"])
            second = NOTES.page(rest, word="x")

        titles = [row["title"] for row in _items(first) + _items(second)]
        assert (titles, second.content["has_more"]) == (["c", "a", "b"], False)

    def test_refuses_cursors_of_others(self, app):
        """A cursor of another sort order is refused."""
        with app.app_context():
            add_labelled("a"), add_labelled("b")
            cursor = NOTES.page(PageRequest(sort="title", limit=1)).content["next_cursor"]

            with pytest.raises(InvalidCursor):
                NOTES.page(PageRequest(sort="-title", limit=1, cursor=cursor))


class TestCheck:
    def test_a_view_of_columns_and_relationships(self):
        """Columns, relationships and values of another row need nothing more."""
        LABELLED.check()
        NOTES.check()

    def test_refuses_a_property_without_sql(self):
        """A field that is no column needs SQL."""

        class PropertySchema(NoteSchema):
            loud = fields.String()

            class Meta(NoteSchema.Meta):
                fields = ("title", "loud")

        with pytest.raises(TypeError, match="loud is no column: give its SQL in computed="):
            View(PropertySchema).check()

    def test_refuses_a_field_that_converts(self):
        """A field that shows another type than its column's is refused."""

        class WordySchema(NoteSchema):
            rank = fields.String()

        with pytest.raises(TypeError, match="rank does not show values of type"):
            View(WordySchema).check()

    def test_refuses_a_sort_that_depends_on_the_server(self):
        """A text without the collation C would have another order on each server."""
        with pytest.raises(TypeError, match=r"cannot be sorted by word: .* sortable\(\)"):
            View(NoteSchema, sorts={"word": Label.word}, id=Note.id).check()

        View(NoteSchema, sorts={"shown_at": Label.shown_at, "rank": Note.rank}, id=Note.id).check()

    def test_refuses_a_hook_that_it_does_not_run(self):
        """A hook after the dump is refused, unless the view leaves something of it out."""

        class HookedSchema(NoteSchema):
            @ma.post_dump
            def _change(self, data, **_kwargs):
                return data

        with pytest.raises(TypeError, match="has a post_dump hook"):
            View(HookedSchema).check()
        View(HookedSchema, without=["rank"]).check()


class TestRoute:
    def test_answers_what_a_view_shows(self, boot, database_url):
        """A route answers it as it is, with ETag, 304 and the link to the next page."""
        blueprint = Blueprint("shown", __name__, url_prefix="/v1")

        @blueprint.get("/shown/<uuid:note_id>", allow=anyone)
        @blueprint.response(200, LabelledSchema)
        def read(note_id):
            """Get a note"""
            return LABELLED.one(id=note_id)

        @blueprint.get("/shown", allow=anyone)
        @blueprint.arguments(demo.NoteQuerySchema, location="query")
        @blueprint.response(200, page_of(NoteSchema))
        def read_all(query):
            """List notes"""
            return NOTES.page(query.pop("page"), **query)

        @blueprint.post("/shown", allow=anyone)
        @blueprint.response(200, LabelledSchema)
        def create():
            """Create a note"""
            return LABELLED.one(id=note.id), 201, {"Location": "/v1/here"}

        app = boot(database_url, blueprints=[demo.blueprint, blueprint])
        with app.app_context():
            note = add_labelled("a", labels=["x"])
            add_labelled("b")
        client = app.test_client()

        one = client.get(f"/v1/shown/{note.id}")
        known = client.get(f"/v1/shown/{note.id}", headers={"If-None-Match": '"1"'})
        made = client.post("/v1/shown")
        page, entities = (client.get(f"/v1/{name}?limit=1&rank=0") for name in ("shown", "notes"))

        assert (one.status_code, one.mimetype, one.json["title"]) == (200, "application/json", "a")
        assert (one.headers["ETag"], known.status_code, known.data) == ('"1"', 304, b"")
        assert (made.status_code, made.headers["Location"]) == (201, "/v1/here")
        assert (made.data, made.headers["ETag"]) == (one.data, '"1"')
        assert page.json["data"] == entities.json["data"]
        assert page.headers["Link"].startswith("</v1/shown?limit=1&rank=0&cursor=")


def _items(shown):
    return json.loads(shown.json())["data"]


def _replace(rows):
    for model in (Label, Note):
        db.session.execute(sa.delete(model))
    for row in rows:
        db.session.add(row)
        db.session.flush()
    db.session.commit()


def _values(row):
    return {each.key: getattr(row, each.key) for each in sa.inspect(type(row)).column_attrs}


def _copy(row, **values):
    own = {
        attribute.key: getattr(row, attribute.key)
        for attribute in sa.inspect(type(row)).column_attrs
        if attribute.key in vars(row)
    }
    return type(row)(**{**own, **values})


def _flushed(note):
    db.session.flush()
    return note.id
