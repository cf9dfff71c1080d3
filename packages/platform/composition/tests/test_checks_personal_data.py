from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db
from mercato_kit.models import OutboxEvent
from mercato_kit.privacy import Erased, PersonalData, columns

from .manifests import codes, feature, planned


class Base(DeclarativeBase):
    metadata = db.metadata("shelf")
    type_annotation_map = db.TYPES


class Book(db.Identified, Base):
    __tablename__ = "shelf_book"

    title: Mapped[str] = mapped_column(sa.String(100))
    scan: Mapped[bytes | None]
    extra: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(sa.Enum("lent", "here", name="shelf_state"))
    pages: Mapped[int]
    lent_at: Mapped[datetime | None]


def export(_):
    """Export nothing."""
    return []


def erase(_):
    """Erase nothing."""
    return Erased()


def shelf(personal_data):
    """Return the feature with what it says of persons."""
    return feature("shelf", metadata=Base.metadata, personal_data=personal_data)


class TestClassified:
    @pytest.mark.provokes("K129")
    def test_names_the_columns_that_are_left_out(self):
        """K129: each column with text, JSON or bytes is named; numbers and times are not."""
        [fault] = planned(shelf(PersonalData(columns(none=[Book.title])))).faults

        assert fault.code == "K129"
        assert "shelf_book.scan, shelf_book.extra." in fault.what

    @pytest.mark.provokes("K129")
    def test_a_feature_without_any_is_refused(self):
        """K129: tables alone say nothing of persons."""
        assert codes(planned(shelf(None))) == ["K129"]

    def test_a_feature_that_says_it_of_all_fits(self):
        """A feature whose columns are classified has no fault."""
        of_all = columns(erase=[Book.title], keep=[Book.scan], none=[Book.extra])

        assert codes(planned(shelf(PersonalData(of_all, export, erase)))) == []


class TestWrongPersonalData:
    @pytest.mark.provokes("K106")
    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            (PersonalData({Book.title: "burn"}), "one of erase, keep, hold, none"),
            (PersonalData({OutboxEvent.topic: "keep"}), "columns of its own tables alone"),
            (PersonalData({Book.title: "hold"}, export), "it has data of persons"),
            (PersonalData({Book.title: "erase"}, None, erase), "it has data of persons"),
        ],
    )
    def test_is_a_mistake_of_the_manifest(self, data, expected):
        """K106: another word, a column of another feature, and data that no function erases."""
        faults = planned(shelf(data)).faults

        assert faults[0].code == "K106"
        assert expected in faults[0].what


class TestColumns:
    def test_a_column_is_in_one_list(self):
        """A column that is listed twice is refused when the feature is imported."""
        with pytest.raises(ValueError, match=r"Book\.title is listed as erase and as none"):
            columns(erase=[Book.title], none=[Book.title])
        with pytest.raises(ValueError, match=r"Book\.title is listed as erase and as erase"):
            columns(erase=[Book.title, Book.title])
