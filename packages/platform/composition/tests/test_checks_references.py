from pathlib import Path
from typing import Protocol
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_database import revisions
from mercato_host import create_app
from mercato_kit import db
from mercato_kit.feature import Feature, Offer, Referent, SoftReference
from mercato_kit.models import OutboxEvent


class Lending(Protocol):
    """Hands out books."""


class Desk:
    """Implements the contract."""


class Base(DeclarativeBase):
    metadata = db.metadata("shelf")
    type_annotation_map = db.TYPES


class Book(db.Identified, Base):
    __tablename__ = "shelf_book"

    reader_id: Mapped[UUID] = mapped_column(sa.Uuid)


def faults_of(**declared):
    """Boot a feature, and return its faults."""
    feature = Feature(name="shelf", summary="Books.", metadata=Base.metadata, **declared)
    deployment = read_deployment({"environment": "testing"})
    try:
        create_app(deployment, features=[feature])
    except DeploymentError as error:
        return [(fault.code, fault.what) for fault in error.faults]
    return []


class TestDeclared:
    def test_words_of_its_own_fit(self):
        """A reference may name an offered contract, and ids of others in the feature's columns."""
        assert not faults_of(
            offers=[Offer(Lending, "1.0", Desk)],
            referents=[Referent(Lending, "book", Book.id)],
            references=[SoftReference(Book.reader_id, Lending, "reader", "needs_target")],
        )

    @pytest.mark.provokes("K106")
    @pytest.mark.parametrize(
        ("declared", "expected"),
        [
            ({"referents": ["shelf_book.id"]}, "referents[0] is 'shelf_book.id'"),
            ({"referents": [Referent(Lending, "book", Book.id)]}, "a contract that it offers"),
            ({"references": ["reader"]}, "references[0] is 'reader'"),
            (
                {"references": [SoftReference(OutboxEvent.id, Lending, "x", "needs_target")]},
                "references[0].column is",
            ),
            (
                {"references": [SoftReference(Book.reader_id, Lending, "x", "whatever")]},
                "one of keeps_snapshot, needs_target",
            ),
        ],
    )
    def test_anything_else_is_malformed(self, declared, expected):
        """K106 names field, value and what was expected."""
        ((code, what),) = faults_of(**declared)

        assert (code, expected in what) == ("K106", True)


class TestRevisions:
    def test_are_read_without_being_run(self, tmp_path):
        """Phase, prerequisites and summary are read from a file that would fail at import."""
        file = tmp_path / "0002_tidy.py"
        file.write_text(
            '"""Tidy up."""\nimport nowhere\nrevision = "0002"\ndown_revision: str = "0001"\n'
            'phase = "contract"\nrequires = {"shelf": "0003"}\n'
        )

        (found,) = revisions.read(tmp_path)

        assert found == revisions.Revision(
            "0002", Path(file), ("0001",), "contract", {"shelf": "0003"}, "Tidy up."
        )
        assert found.contracts

    def test_what_is_no_phase_contracts(self, tmp_path):
        """An unknown phase counts as `contract`, the phase with more precautions."""
        (tmp_path / "0002_tidy.py").write_text('revision = "0002"\nphase = "expnad"')

        (found,) = revisions.read(tmp_path)

        assert found.contracts
