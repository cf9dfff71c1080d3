from dataclasses import FrozenInstanceError

import pytest

from mercato_kit import db
from mercato_kit.events import Event, Handler


def tell(event):
    """Handle an event."""


class TestEvent:
    def test_has_an_id_and_a_time(self):
        """Each event has a new id and the current time."""
        one, other = _event(), _event()

        assert one.id < other.id
        assert one.created_at.tzinfo is not None

    def test_cannot_be_changed(self):
        """An event is frozen."""
        with pytest.raises(FrozenInstanceError):
            _event().topic = "another"


class TestHandler:
    def test_is_named_after_its_function(self):
        """The name identifies the handler within its feature."""
        assert Handler("note.added", tell).name == "tell"


def _event(**values):
    return Event(
        **{
            "topic": "note.added",
            "aggregate_type": "note",
            "aggregate_id": db.new_id(),
            "aggregate_version": 1,
            **values,
        }
    )
