"""A feature whose tables another one tries to use."""

import sqlalchemy as sa
from mercato_counting import Counting
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db
from mercato_kit.db import session
from mercato_kit.feature import Feature, Offer
from mercato_kit.later import later
from mercato_kit.privacy import PersonalData, columns


class Base(DeclarativeBase):
    metadata = db.metadata("wares")


class Ware(Base):
    __tablename__ = "wares_ware"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    units: Mapped[int] = mapped_column(default=10)


class Shelf:
    """Provides `Counting` with SQL on its own table."""

    def take(self, name: str) -> int:
        """Take one away, and return how many are left."""
        taken = sa.update(Ware).where(Ware.name == name).values(units=Ware.units - 1)
        return session.scalars(taken.returning(Ware.units)).one()

    def announce(self, name: str) -> None:
        """Add a new ware to the session without a flush."""
        session.add(Ware(name=name))

    def record(self, name: str) -> None:
        """Add a new ware at the end of the unit of work."""
        later(Ware, [{"name": name}])


feature = Feature(
    name="wares",
    summary="For tests.",
    metadata=Base.metadata,
    personal_data=PersonalData(columns(none=[Ware.name])),
    offers=[Offer(Counting, "1.0", Shelf)],
    publishes=["ware.gone"],
)
