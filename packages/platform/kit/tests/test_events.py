from dataclasses import FrozenInstanceError

import pytest

from mercato_kit import db
from mercato_kit.events import Event
from mercato_kit.events import Handler


def tell(event):
    """Tell somebody."""


class TestEvent:
    def test_has_an_id_and_a_time(self):
        """Each event is another one, and says when it happened."""
        one, other = _event(), _event()

        assert one.id < other.id
        assert one.created_at.tzinfo is not None

    def test_cannot_be_changed(self):
        """What happened has happened."""
        with pytest.raises(FrozenInstanceError):
            _event().topic = "another"


class TestHandler:
    def test_is_named_after_its_function(self):
        """The name tells its deliveries apart from those of the feature's other handlers."""
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
