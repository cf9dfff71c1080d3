"""Random rows of reviews that the database accepts, for the test of the views."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from mercato_reviews.models import STATUSES, Review
from mercato_testing.views import ViewCase

START = datetime(1900, 1, 1, tzinfo=UTC)
TIMES = st.timedeltas(timedelta(), timedelta(days=365 * 399)).map(START.__add__)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=9)
REVIEWS = st.builds(
    Review,
    id=st.uuids(),
    product_id=st.uuids(),
    author_id=st.uuids(),
    author_name=st.none() | TEXT,
    rating=st.integers(1, 5),
    title=st.none() | TEXT,
    text=TEXT,
    status=st.sampled_from(STATUSES),
    hidden_reason=st.none() | TEXT,
    metadata_=st.just({}),
    created_at=TIMES,
    updated_at=TIMES,
).map(lambda row: [row])

VIEW_CASES = {
    "REVIEW": ViewCase(REVIEWS, values=lambda row: {"id": row.id}),
    "REVIEWS": ViewCase(REVIEWS, values=lambda row: {"author_id": row.author_id}),
}
