import pytest
import sqlalchemy as sa

from mercato_kit import db, work
from mercato_kit.composition import handlers_of
from mercato_kit.errors import Conflict, NotFound
from mercato_kit.events import Event, Handler
from mercato_kit.feature import Feature
from mercato_kit.models import InboxDelivery, OutboxEvent
from mercato_kit.outbox import publish

from .demo import Note


def tell(event):
    """Handle an event."""


def count(event):
    """Handle an event."""


LISTENERS = Feature(
    name="listeners",
    summary="",
    handles=[Handler("note.added", tell, remote=True), Handler("note.added", count)],
)
OTHERS = Feature(
    name="others",
    summary="",
    handles=[Handler("note.added", count), Handler("note.removed", tell)],
)


@pytest.fixture
def app(boot, database_url):
    """An app with three handlers of one topic and one of another, on each database."""
    return boot(database_url, features=[LISTENERS, OTHERS])


class TestPublish:
    def test_inserts_one_delivery_per_handler(self, in_unit):
        """The event is inserted once, with a delivery per composed handler of its topic."""
        event = _event(payload={"title": "ü", "parts": [1, 2]})

        in_unit(lambda: publish(event))

        (stored,) = in_unit(lambda: db.session.scalars(sa.select(OutboxEvent)).all())
        assert (stored.id, stored.topic, stored.payload) == (event.id, event.topic, event.payload)
        assert (stored.aggregate_type, stored.aggregate_id, stored.aggregate_version) == (
            event.aggregate_type,
            event.aggregate_id,
            event.aggregate_version,
        )
        assert stored.created_at == event.created_at
        deliveries = in_unit(lambda: db.session.scalars(sa.select(InboxDelivery)).all())
        assert {delivery.consumer for delivery in deliveries} == {
            "listeners.tell",
            "listeners.count",
            "others.count",
        }
        for delivery in deliveries:
            assert (delivery.event_id, delivery.attempts) == (event.id, 0)
            assert delivery.next_attempt_at == event.created_at
            assert (delivery.processed_at, delivery.last_error) == (None, None)

    def test_inserts_deliveries_for_features_that_are_away(self, boot, database_url):
        """A feature that is temporarily away gets its deliveries later."""
        app = boot(database_url, features=[LISTENERS], away=[OTHERS])

        with app.app_context():
            work.run(lambda: publish(_event()))
            consumers = work.run(
                lambda: db.session.scalars(sa.select(InboxDelivery.consumer)).all()
            )

        assert set(consumers) == {"listeners.tell", "listeners.count", "others.count"}

    def test_needs_no_handler(self, in_unit):
        """An event without handlers is stored."""
        in_unit(lambda: publish(_event(topic="note.ignored")))

        assert _rows(in_unit, OutboxEvent) == 1
        assert _rows(in_unit, InboxDelivery) == 0

    def test_belongs_to_the_callers_transaction(self, in_unit):
        """The event exists if and only if the change does."""

        def step():
            db.session.add(Note(title="a"))
            publish(_event())
            raise NotFound

        with pytest.raises(NotFound):
            in_unit(step)

        assert [_rows(in_unit, model) for model in (Note, OutboxEvent, InboxDelivery)] == [0, 0, 0]

    def test_refuses_the_same_event_twice(self, in_unit):
        """Topic, aggregate and version are unique, whatever the id."""
        note_id = db.new_id()
        in_unit(lambda: publish(_event(aggregate_id=note_id)))

        with pytest.raises(Conflict):
            in_unit(lambda: publish(_event(aggregate_id=note_id)))

        in_unit(lambda: publish(_event(aggregate_id=note_id, aggregate_version=2)))
        assert _rows(in_unit, OutboxEvent) == 2


class TestHandlersOf:
    def test_are_named_by_feature_and_function(self):
        """Consumers are named by feature and handler, in the order of the features."""
        handlers = handlers_of([LISTENERS, OTHERS])

        assert list(handlers) == [
            "listeners.tell",
            "listeners.count",
            "others.count",
            "others.tell",
        ]
        assert handlers["others.tell"].topic == "note.removed"


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


def _rows(in_unit, model):
    return in_unit(lambda: db.session.scalar(sa.select(sa.func.count()).select_from(model)))
