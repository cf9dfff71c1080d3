"""Random rows of users that the database accepts, for the test of the views."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from mercato_testing.views import ViewCase
from mercato_users.models import User

START = datetime(1900, 1, 1, tzinfo=UTC)
TIMES = st.timedeltas(timedelta(), timedelta(days=365 * 399)).map(START.__add__)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=9)
USERS = st.builds(
    User,
    id=st.uuids(),
    email=TEXT,
    email_canonical=st.uuids().map(str),
    email_verified_at=st.none() | TIMES,
    given_name=st.none() | TEXT,
    family_name=st.none() | TEXT,
    phone_number=st.none() | TEXT,
    locale=st.none() | TEXT,
    metadata_=st.dictionaries(TEXT, TEXT, max_size=3),
    created_at=TIMES,
    updated_at=TIMES,
)

VIEW_CASES = {"USERS": ViewCase(USERS.map(lambda user: [user]))}
