import dataclasses
import inspect
from typing import get_args
from uuid import UUID

import pytest

from mercato_contracts.stock import (
    InsufficientStock,
    ReservationGone,
    ReserveResult,
    Shortage,
    Stock,
)

ONE, TWO = UUID(int=1), UUID(int=2)


class TestStock:
    def test_keeps_its_signatures(self):
        """The signatures of version 1 do not change."""
        assert _signatures(Stock) == {
            "reserve": (
                "(self, reference: uuid.UUID, quantities: collections.abc.Mapping[uuid.UUID, int], "
                "expires_at: datetime.datetime) -> Literal['held', 'already', 'released']"
            ),
            "extend": "(self, reference: uuid.UUID, until: datetime.datetime) -> bool",
            "commit": "(self, reference: uuid.UUID) -> bool",
            "ship": (
                "(self, reference: uuid.UUID, sequence: int, "
                "quantities: collections.abc.Mapping[uuid.UUID, int]) -> None"
            ),
            "unship": (
                "(self, reference: uuid.UUID, sequence: int, "
                "quantities: collections.abc.Mapping[uuid.UUID, int]) -> None"
            ),
            "release": (
                "(self, reference: uuid.UUID, "
                "lines: collections.abc.Mapping[uuid.UUID, int] | None = None, "
                "sequence: int = 0) -> None"
            ),
            "restock": (
                "(self, reference: uuid.UUID, sequence: int, "
                "lines: collections.abc.Mapping[uuid.UUID, int]) -> None"
            ),
        }

    def test_says_whether_it_joins_a_transaction(self):
        """A provider declares whether its calls run in the caller's transaction."""
        assert Stock.__annotations__ == {"transactional": bool}


class TestReserveResult:
    def test_has_three_answers(self):
        """``reserve`` has three results: held, already held, released before."""
        assert get_args(ReserveResult) == ("held", "already", "released")


class TestShortage:
    def test_is_a_value(self):
        """Shortages with equal fields are equal, and a shortage is frozen."""
        shortage = Shortage(ONE, requested=3, available=1)

        assert shortage == Shortage(ONE, 3, 1)
        with pytest.raises(dataclasses.FrozenInstanceError):
            shortage.available = 3


class TestInsufficientStock:
    def test_lists_every_shortage(self):
        """The exception lists all variants with too few units."""
        shortages = [Shortage(TWO, 3, 1), Shortage(ONE, 2, 0)]
        refusal = InsufficientStock(shortages)

        assert refusal.shortages == tuple(shortages)
        assert str(refusal) == f"insufficient stock of variants: {TWO}, {ONE}"


class TestReservationGone:
    def test_names_the_reference(self):
        """The exception has the reference of the reservation."""
        refusal = ReservationGone(ONE)

        assert refusal.reference == ONE
        assert str(refusal) == f"reservation {ONE} has no units that this call can act on"


def _signatures(protocol):
    return {
        name: str(inspect.signature(member))
        for name, member in vars(protocol).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }
