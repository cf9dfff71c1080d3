"""The checks with bad requests: they must get a problem document and change nothing."""

import dataclasses

import marshmallow as ma
import pytest

from mercato_kit import db
from mercato_kit.db import session
from mercato_kit.errors import Invalid, NotFound
from mercato_testing.conformance import hostile
from mercato_testing.samples import notes
from mercato_testing.samples.notes import feature
from mercato_testing.stage import close, make_app, set_up

from .faulty import with_route


def swallow(body=None):
    """Accept anything"""
    return {}


def point_nowhere(**_arguments):
    """Refuse without a pointer"""
    raise Invalid("It is not good.")


def leave_something(name):
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
        """Boot a host with a faulty feature, and attack it."""

        def attack(faulty):
            made = dataclasses.replace(feature, blueprints=faulty.blueprints)
            app = make_app(set_up(made, [], {}), database.url)
            found = list(hostile.surviving_attacks(app, made, app.test_client()))
            close(app)
            return found

        return attack

    def test_accepts_a_good_feature(self, app, charlie):
        """A good feature refuses all attacks, and its rows do not change."""
        assert list(hostile.surviving_attacks(app, feature, charlie)) == []
        assert len(list(hostile.attacks_on(app, feature))) > 50

    def test_finds_a_crash(self, sweep):
        """A 500 is found."""
        found = sweep(with_route(view=lambda **_: 1 // 0, rule="/x/<string:name>"))

        assert any(line.endswith(": 500") for line in found)

    def test_finds_what_is_swallowed(self, sweep):
        """An endpoint that accepts unknown fields is found."""

        class Loose(ma.Schema):
            class Meta:
                """Ignore unknown fields."""

                unknown = ma.EXCLUDE

        found = sweep(with_route(view=swallow, arguments=Loose))

        assert any("an unknown field: 200, but it must be refused" in line for line in found)

    def test_finds_a_missing_pointer(self, sweep):
        """A 422 without a pointer is found."""
        found = sweep(with_route(view=point_nowhere))

        assert any("without a pointer" in line for line in found)

    def test_finds_what_is_left(self, sweep):
        """A refusal that changed rows is found, with the table."""
        found = sweep(with_route(view=leave_something, rule="/x/<string:name>"))

        assert any("refused, but changed notes_effect" in line for line in found)

    def test_finds_another_media_type(self, sweep):
        """A refusal that is not a problem document is found."""
        found = sweep(with_route(view=lambda **_: ("no", 418)))

        assert any("418 as text/html" in line for line in found)
