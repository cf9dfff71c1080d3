import dataclasses
import shutil
from pathlib import Path
from typing import Any

import marshmallow as ma
import pytest
import sqlalchemy as sa
from marshmallow import fields
from marshmallow import validate

from mercato_host.testing.conformance import declarations
from mercato_host.testing.conformance import documents
from mercato_host.testing.conformance import histories
from mercato_host.testing.conformance import hostile
from mercato_host.testing.conformance import repeated_samples
from mercato_host.testing.conformance import schemas
from mercato_host.testing.conformance import tables
from mercato_host.testing.stage import close
from mercato_host.testing.stage import make_app
from mercato_host.testing.stage import set_up
from mercato_kit import db
from mercato_kit.db import session
from mercato_kit.errors import Invalid
from mercato_kit.errors import NotFound
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.http import ListQuerySchema
from mercato_kit.http import page_of
from mercato_kit.identity import anyone
from mercato_kit.identity import permission
from mercato_kit.identity import signed_in
from mercato_kit.schemas import Integer
from mercato_kit.schemas import Metadata
from mercato_kit.schemas import Schema
from mercato_kit.schemas import Text

from . import notes
from . import wheels

pytest_plugins = ["pytester"]

feature = notes.feature


def with_tables(*made):
    """Return a feature `notes` whose metadata has the tables that *made* adds."""
    metadata = db.metadata("notes")
    for make in made:
        make(metadata)
    return Feature(name="notes", summary="For a test.", metadata=metadata)


def table(name, *parts):
    """Return a function that adds a table with an id and *parts* to a metadata."""
    key = sa.Column("id", sa.Uuid, primary_key=True)
    return lambda metadata: sa.Table(name, metadata, key, *parts)


def with_route(*, allow=anyone, arguments=None, location="json", result=None, view=None, rule="/x"):
    """Return a feature with one route."""
    blueprint = Blueprint("notes", __name__, url_prefix="/v1")

    def nothing(*_arguments, **_variables):
        """Do nothing"""
        return {}

    function = view or nothing
    if result is not None:
        function = blueprint.response(200, result)(function)
    if arguments is not None:
        function = blueprint.arguments(arguments, location=location)(function)
    method = blueprint.get if location == "query" else blueprint.post
    method(rule, allow=allow, endpoint="view")(function)
    return Feature(name="notes", summary="For a test.", blueprints=[blueprint])


class TestForeignTables:
    def test_passes_own(self):
        """Tables that start with the feature's name are its own."""
        assert list(tables.foreign_tables(feature)) == []

    def test_finds_others(self):
        """A table called otherwise could be anybody's."""
        (found,) = tables.foreign_tables(with_tables(table("note")))

        assert found == "table note: its name must start with notes_"


class TestLeavingForeignKeys:
    def test_passes_those_at_home(self):
        """A foreign key to an own table is fine."""
        key = sa.Column("other_id", sa.ForeignKey("notes_a.id"))

        assert (
            list(tables.leaving_foreign_keys(with_tables(table("notes_a"), table("notes_b", key))))
            == []
        )

    def test_finds_one_by_name(self):
        """A foreign key to a table that is not the feature's ties two features together."""
        key = sa.Column("user_id", sa.ForeignKey("users_user.id"))

        (found,) = tables.leaving_foreign_keys(with_tables(table("notes_a", key)))

        assert "notes_a.user_id refers to users_user" in found

    def test_finds_one_by_column(self):
        """So does one to the column of another feature's model."""
        theirs = sa.Table("users_user", sa.MetaData(), sa.Column("id", sa.Uuid, primary_key=True))
        key = sa.Column("user_id", sa.ForeignKey(theirs.c.id))

        (found,) = tables.leaving_foreign_keys(with_tables(table("notes_a", key)))

        assert "users_user" in found


class TestUnnamedConstraints:
    def test_passes_named(self):
        """The naming convention names what can be named."""
        assert list(tables.unnamed_constraints(feature)) == []

    def test_finds_all_without_a_convention(self):
        """Plain metadata leaves the names to the database, and those differ."""
        metadata = sa.MetaData()
        table("notes_a", sa.Column("n", sa.Integer, unique=True))(metadata)
        made = Feature(name="notes", summary="", metadata=metadata)

        assert len(list(tables.unnamed_constraints(made))) == 2


class TestTablesWithoutMigrations:
    def test_finds_them(self):
        """Tables need a history."""
        assert list(histories.tables_without_migrations(feature)) == []
        assert list(histories.tables_without_migrations(with_tables(table("notes_a")))) != []


@pytest.fixture
def versions(tmp_path):
    """A copy of the feature's migrations, to be spoilt."""
    return Path(shutil.copytree(feature.migrations, tmp_path / "versions"))


def spoilt(versions, file, old, new):
    """Change a migration, and return the feature that has it."""
    path = versions / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    return dataclasses.replace(feature, migrations=versions)


class TestBrokenHistory:
    def test_passes_one_line(self):
        """One head, and files named after their revisions."""
        assert list(histories.broken_history(feature)) == []

    def test_finds_two_heads(self, versions):
        """Two migrations that follow the same one are a fork."""
        shutil.copy(versions / "0002_effects.py", versions / "0003_fork.py")
        made = spoilt(versions, "0003_fork.py", 'revision = "0002"', 'revision = "0003"')

        assert any("heads" in line for line in histories.broken_history(made))

    def test_finds_a_misnamed_file(self, versions):
        """The number of the file is the revision, or the host reads the wrong head."""
        (versions / "0002_effects.py").rename(versions / "0007_effects.py")
        made = dataclasses.replace(feature, migrations=versions)

        assert any("0007_effects.py" in line for line in histories.broken_history(made))


class TestUnknownPhases:
    def test_passes_the_two_that_there_are(self, versions):
        """A migration that says nothing expands; it may also contract."""
        made = spoilt(
            versions, "0002_effects.py", "branch_labels", 'phase = "contract"\nbranch_labels'
        )

        assert list(histories.unknown_phases(made)) == []

    def test_finds_any_other(self, versions):
        """A word that nobody knows is a slip of the pen."""
        made = spoilt(
            versions, "0002_effects.py", "branch_labels", 'phase = "contrcat"\nbranch_labels'
        )

        assert any("'contrcat'" in line for line in histories.unknown_phases(made))


@pytest.fixture(params=["sqlite", "postgresql"])
def two_urls(request, empty_database):
    """Two empty databases of each kind."""
    return empty_database(request.param), empty_database(request.param)


class TestDifferencesFromModels:
    def test_passes_equal(self, two_urls):
        """Migrations that make what the models say."""
        assert list(histories.differences_from_models(feature, *two_urls)) == []

    @pytest.mark.parametrize(
        ("file", "old", "new"),
        [
            (
                "0001_initial.py",
                'sa.Column("stars", sa.Integer, nullable=False),',
                'sa.Column("stars", sa.Integer),',
            ),
            ("0001_initial.py", "sa.String(200)", "sa.String(100)"),
            (
                "0001_initial.py",
                'sa.UniqueConstraint("text", name=op.f("uq_notes_note_text")),',
                "",
            ),
            ("0001_initial.py", "ck_notes_note_stars_in_range", "ck_notes_note_other"),
            ("0002_effects.py", 'sa.Column("process", sa.Integer, nullable=False),', ""),
        ],
        ids=["nullable", "length", "unique key", "check", "column"],
    )
    def test_finds_a_difference(self, versions, two_urls, file, old, new):
        """Whatever a migration makes otherwise than its model is found on both databases."""
        made = spoilt(versions, file, old, new)

        assert list(histories.differences_from_models(made, *two_urls)) != []

    def test_finds_another_condition(self, versions, empty_database):
        """A CHECK of the same name with another condition is found where the database tells."""
        made = spoilt(versions, "0001_initial.py", "BETWEEN 0 AND 5", "BETWEEN 0 AND 9")
        urls = empty_database("postgresql"), empty_database("postgresql")

        assert any(
            "AND" in line or "9" in line for line in histories.differences_from_models(made, *urls)
        )


class TestOneWayMigrations:
    def test_passes_there_and_back(self, two_urls):
        """Down leaves nothing, and up works again."""
        assert list(histories.one_way_migrations(feature, two_urls[0])) == []

    def test_finds_what_stays(self, versions, two_urls):
        """A table that a downgrade forgets is found."""
        made = spoilt(versions, "0001_initial.py", 'op.drop_table("notes_note")', "pass")

        (found,) = histories.one_way_migrations(made, two_urls[0])

        assert found == "table notes_note is still there after the downgrade"


class TestMissingEntryPoint:
    def test_passes_the_installed(self, tmp_path, monkeypatch):
        """A wheel whose entry point leads to the manifest."""
        monkeypatch.syspath_prepend(tmp_path)
        wheels.install(
            tmp_path, "alpha", f"from {notes.__name__} import feature", module="alpha_wheel"
        )
        made = dataclasses.replace(feature, name="alpha")

        assert any("another manifest" in it for it in declarations.missing_entry_point(made))

    def test_finds_none(self):
        """A feature that no wheel offers cannot be named in a deployment."""
        (found,) = declarations.missing_entry_point(dataclasses.replace(feature, name="nowhere"))

        assert "no installed distribution" in found


class TestRoutesWithoutPolicy:
    def test_finds_one(self):
        """A route says who may call it."""
        assert list(declarations.routes_without_policy(feature)) == []
        (found,) = declarations.routes_without_policy(with_route(allow=None))
        assert "/x states no policy" in found


class TestUndeclaredPermissions:
    def test_finds_one(self):
        """A permission that the manifest does not explain cannot be given to anybody."""
        assert list(declarations.undeclared_permissions(feature)) == []
        assert list(declarations.undeclared_permissions(with_route(allow=signed_in))) == []
        (found,) = declarations.undeclared_permissions(with_route(allow=permission("notes.burn")))
        assert "'notes.burn'" in found


def silent():  # noqa: D103 - that is the point
    return {}


class TestUndocumentedRoutes:
    def test_finds_one(self):
        """A view without docstring has no summary."""
        assert list(declarations.undocumented_routes(feature)) == []
        assert len(list(declarations.undocumented_routes(with_route(view=silent)))) == 1


class ItemSchema(ma.Schema):
    name = fields.String()


class StrayQuerySchema(ListQuerySchema):
    sorts = ("name",)
    default_sort = "-created_at"


class TestUnboundedLists:
    def test_passes_pages(self):
        """A page with a list query has limit and order."""
        assert list(declarations.unbounded_lists(feature)) == []

    def test_finds_a_bare_list(self):
        """A list of everything grows with the shop."""
        made = with_route(location="query", result=ItemSchema(many=True))

        assert "without limit" in next(declarations.unbounded_lists(made))

    def test_finds_a_page_without_query(self):
        """A page that reads no limit and no sort has none."""
        made = with_route(location="query", result=page_of(ItemSchema))

        assert "without a ListQuerySchema" in next(declarations.unbounded_lists(made))

    def test_finds_a_stray_order(self):
        """The default order is one that clients may ask for."""
        made = with_route(location="query", arguments=StrayQuerySchema, result=page_of(ItemSchema))

        assert "default_sort" in next(declarations.unbounded_lists(made))


class Part(Schema):
    name = fields.String()


class TestLooseInputs:
    def test_passes_strict(self):
        """Fields of the kit, and bounded text, are strict."""
        assert list(schemas.loose_inputs(feature)) == []
        assert list(schemas.loose_inputs(self.reading(meta=Metadata(), word=Text(max=3)))) == []

    @pytest.mark.parametrize(
        ("field", "found"),
        [
            (fields.String(), "text without a greatest length"),
            (fields.Url(), "text without a greatest length"),
            (fields.String(validate=validate.Length(min=1)), "text without a greatest length"),
            (fields.List(fields.String()), "field[] is text"),
            (fields.Nested(Part), "Part.name is text"),
            (fields.List(fields.Nested(Part)), "Part.name is text"),
            (fields.Integer(), "use mercato_kit.schemas.Integer"),
            (fields.Boolean(), "use mercato_kit.schemas.Boolean"),
            (fields.UUID(), "use mercato_kit.schemas.Uuid"),
            (fields.DateTime(), "use mercato_kit.schemas.Instant"),
            (fields.Raw(), "takes anything"),
            (fields.Dict(), "takes any number of members"),
            (fields.Dict(validate=validate.Length(max=3)), "takes anything"),
        ],
    )
    def test_finds_loose(self, field, found):
        """Text without end, fields that convert, and what takes anything."""
        assert any(found in line for line in schemas.loose_inputs(self.reading(field=field)))

    @pytest.mark.parametrize(
        "validator", [validate.OneOf(["a"]), validate.Equal("a"), validate.Length(equal=3)]
    )
    def test_passes_other_bounds(self, validator):
        """Text out of a list, or of one length, has an end."""
        assert list(schemas.loose_inputs(self.reading(x=fields.String(validate=validator)))) == []

    def test_finds_a_schema_that_takes_unknown_fields(self):
        """What a schema does not list is refused, not dropped."""

        class Loose(ma.Schema):
            class Meta:
                """Ignore strangers."""

                unknown = ma.EXCLUDE

        (found,) = schemas.loose_inputs(with_route(arguments=Loose))

        assert found == "/x: Loose takes unknown fields"

    @staticmethod
    def reading(**listed: Any):
        """Return a feature with a route that reads these fields."""
        return with_route(arguments=Schema.from_dict(listed))


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


class TestRepeatedSamples:
    def test_passes_once(self, app):
        """Sample data that looks before it writes."""
        assert list(repeated_samples(app, feature)) == []

    def test_finds_twice(self, app):
        """Sample data that only writes."""

        def again(_samples):
            session.add(notes.Effect(handler="x", event_id=db.new_id(), process=1))
            return []

        (found,) = repeated_samples(app, dataclasses.replace(feature, sample_data=again))

        assert found == "notes_effect: 1 rows, and 2 after the second time"


class LineSchema(Schema):
    word = Text(min=1, max=10, required=True)
    count = Integer(min=1, max=9, required=True)


def crash(body):
    """Fail on every good body"""
    return {"word": [][body["count"]]}


def swallow(body=None):
    """Take anything"""
    return {}


def point_nowhere(**_arguments):
    """Refuse without a pointer"""
    raise Invalid("It is not good.")


def leave_something(body=None):
    """Write and refuse, outside the unit of work"""
    engine = session.get_bind()
    with session.session_factory(bind=engine) as other:
        other.add(notes.Effect(handler="x", event_id=db.new_id(), process=1))
        session.rollback()
        other.commit()
    raise NotFound


class TestSurvivingAttacks:
    @pytest.fixture
    def sweep(self, database, feature):
        """Boots a host with a spoilt feature, and attacks it."""

        def attack(spoilt):
            made = dataclasses.replace(feature, blueprints=spoilt.blueprints)
            app = make_app(set_up(made, [], {}), database.url)
            found = list(hostile.surviving_attacks(app, made, app.test_client()))
            close(app)
            return found

        return attack

    def test_passes_the_feature(self, app, charlie):
        """A good feature refuses everything, and is as it was."""
        assert list(hostile.surviving_attacks(app, feature, charlie)) == []
        assert len(list(hostile.attacks_on(app, feature))) > 50

    def test_finds_a_crash(self, sweep):
        """A 500 is found."""
        found = sweep(with_route(view=lambda **_: 1 // 0, rule="/x/<string:name>"))

        assert any(line.endswith(": 500") for line in found)

    def test_finds_what_is_swallowed(self, sweep):
        """An endpoint with a schema that does not refuse is found."""

        class Loose(ma.Schema):
            class Meta:
                """Ignore strangers."""

                unknown = ma.EXCLUDE

        found = sweep(with_route(view=swallow, arguments=Loose))

        assert any("an unknown field: 200, where a refusal is due" in line for line in found)

    def test_finds_a_missing_pointer(self, sweep):
        """A 422 says where the mistake is."""
        found = sweep(with_route(view=point_nowhere))

        assert any("that points nowhere" in line for line in found)

    def test_finds_what_is_left(self, sweep):
        """A refusal that left rows is found, with the table."""
        found = sweep(with_route(view=leave_something))

        assert any("left something in notes_effect" in line for line in found)

    def test_finds_another_kind_of_answer(self, sweep):
        """A refusal that is no problem document is found."""
        found = sweep(with_route(view=lambda **_: ("no", 418)))

        assert any("418 as text/html" in line for line in found)


SUITE = """
import dataclasses
from mercato_host.testing.conformance import FeatureConformance
from mercato_notes import feature

class TestGood(FeatureConformance):
    feature = feature

class TestBad(FeatureConformance):
    feature = dataclasses.replace(feature, permissions={})
"""


class TestFeatureConformance:
    def test_is_inherited_in_three_lines(self, pytester):
        """A good feature passes every test; what is wrong with a bad one, the failure says."""
        folder = Path(notes.__file__).parent
        shutil.copytree(folder / "notes_versions", pytester.path / "notes_versions")
        source = Path(notes.__file__).read_text()
        wheels.install(pytester.path, "notes", source, module="mercato_notes")
        pytester.makepyfile(SUITE)
        pytester.makeini("[pytest]\npythonpath = .\n")

        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-k", "not postgresql")

        result.stdout.fnmatch_lines(["*the manifest does not declare 'notes.write'"])
        failed = result.parseoutcomes()["failed"]
        result.assert_outcomes(passed=32 - failed, failed=failed)
        assert all("TestBad" in line for line in result.outlines if line.startswith("FAILED"))
