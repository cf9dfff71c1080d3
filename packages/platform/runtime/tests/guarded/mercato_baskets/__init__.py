"""A feature that sends the statements that a test passes to it."""

import click
import sqlalchemy as sa
from mercato_counting import Counting
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db, services, work
from mercato_kit.db import session
from mercato_kit.events import Event, Handler
from mercato_kit.feature import Feature, Need
from mercato_kit.http import Blueprint
from mercato_kit.http.pagination import PageRequest, paginate
from mercato_kit.jobs import Job
from mercato_kit.later import later
from mercato_kit.outbox import publish
from mercato_kit.policies import anyone
from mercato_kit.privacy import Erased, PersonalData, Subject, columns
from mercato_kit.reads import Read

STEAL = "UPDATE wares_ware SET units = units - 1"


class Base(DeclarativeBase):
    metadata = db.metadata("baskets")


class Line(Base):
    __tablename__ = "baskets_line"

    ware: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    left: Mapped[int]


blueprint = Blueprint("baskets", __name__, url_prefix="/v1")


@blueprint.post("/baskets/<name>", allow=anyone, idempotent=True)
@blueprint.response(201)
def put(name):
    """Put a ware into the basket through the contract"""
    line = put_into_basket(name)
    return {"left": line.left}


@blueprint.post("/baskets/<name>/theft", allow=anyone)
@blueprint.response(201)
def steal(name):
    """Take a ware with a statement on the owner's table"""
    session.add(Line(ware=name, left=0))
    session.flush()
    send(sa.text(STEAL))
    return {}


def put_into_basket(name):
    """Take one through the contract, and add a line."""
    line = Line(ware=name, left=services.get(Counting).take(name))
    session.add(line)
    session.flush()
    return line


def send(statement, *parameters):
    """Send *statement* from the code of this feature."""
    return session.execute(statement, *parameters)


def send_to_driver(text):
    """Send *text* without SQLAlchemy's compiler."""
    return session.connection().exec_driver_sql(text)


def list_page(statement, column):
    """Pass *statement* to the kit."""
    return paginate(statement, PageRequest("name"), columns={"name": column}, id=column)


def read(statement):
    """Read *statement* as a view does."""
    return Read(statement).rows()


def look_after_announcement(name):
    """Read an own table while objects of another feature are not flushed yet."""
    services.get(Counting).announce(name)
    return send(sa.select(Line)).all()


def record_both(name):
    """Add a line and, through the contract, a ware at the end of a unit of work of this feature."""

    def step():
        services.get(Counting).record(name)
        later(Line, [{"ware": name, "left": 1}])

    work.run(step)


def tell(aggregate_id):
    """Publish an event."""
    event = {"topic": "basket.filled", "aggregate_type": "basket", "aggregate_version": 1}
    publish(Event(aggregate_id=aggregate_id, **event))


def take_stock(event: Event) -> None:
    """Handle an event with a statement on another feature's table."""
    send(sa.text(STEAL))


def count_lines() -> int:
    """Run as a job with an own table."""
    send(sa.select(Line))
    return 0


def count_wares() -> int:
    """Run as a job with another feature's table."""
    send(sa.text(STEAL))
    return 0


@click.group()
def commands():
    """Work with baskets."""


@commands.command()
def grab():
    """Use another feature's table in a command."""
    send(sa.text(STEAL))


def erase(_: Subject) -> Erased:
    """Erase a person's data."""
    return Erased()


feature = Feature(
    name="baskets",
    summary="For tests.",
    blueprints=[blueprint],
    metadata=Base.metadata,
    needs=[Need(Counting, ">=1,<2")],
    publishes=["basket.filled"],
    handles=[Handler("ware.gone", take_stock)],
    jobs=[Job("count_lines", count_lines, 60), Job("count_wares", count_wares, 60)],
    cli=commands,
    personal_data=PersonalData(columns(none=[Line.ware]), erase=erase),
)
