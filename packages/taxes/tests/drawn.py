"""Random rows that the database accepts, for the test of the views."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from mercato_taxes.models import Rate
from mercato_testing.views import ViewCase

START = datetime(1900, 1, 1, tzinfo=UTC)
TIMES = st.timedeltas(timedelta(), timedelta(days=365 * 300)).map(START.__add__)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=9)


@st.composite
def rates(draw):
    """Draw a rate."""
    valid_from = draw(TIMES)
    return [
        Rate(
            **{name: draw(TEXT) for name in ("region", "tax_code", "code", "label")},
            **{name: draw(TIMES) for name in ("created_at", "updated_at")},
            id=draw(st.uuids()),
            country=draw(st.sampled_from(["DE", "US"])),
            ppm=draw(st.integers(0, 10_000_000)),
            reason=draw(st.sampled_from(["standard", "reduced"])),
            valid_from=valid_from,
            valid_until=draw(st.none() | st.just(valid_from + timedelta(days=1))),
            metadata_=draw(st.dictionaries(TEXT, TEXT, max_size=2)),
        )
    ]


VIEW_CASES = {"RATES": ViewCase(rates(), values=lambda rate: {"id": rate.id})}
