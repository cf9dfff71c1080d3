"""Random rows of users that the database accepts, for the test of the views."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from mercato_testing.views import ViewCase
from mercato_users.models import (
    Address,
    ApiKey,
    AuditEvent,
    Invitation,
    InvitationRole,
    Role,
    User,
    UserRole,
)

START = datetime(1900, 1, 1, tzinfo=UTC)
TIMES = st.timedeltas(timedelta(), timedelta(days=365 * 399)).map(START.__add__)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=9)
IDS = st.uuids()
USERS = st.builds(
    User,
    id=IDS,
    email=TEXT,
    email_canonical=IDS.map(str),
    email_verified_at=st.none() | TIMES,
    given_name=st.none() | TEXT,
    family_name=st.none() | TEXT,
    phone_number=st.none() | TEXT,
    locale=st.none() | TEXT,
    metadata_=st.dictionaries(TEXT, TEXT, max_size=3),
    created_at=TIMES,
    updated_at=TIMES,
)


@st.composite
def _with_roles(draw):
    user = draw(USERS)
    roles = draw(st.lists(st.builds(Role, id=IDS, name=IDS.map(str)), max_size=2))
    return [user, *roles, *(UserRole(user_id=user.id, role_id=role.id) for role in roles)]


@st.composite
def _address(draw):
    user = draw(USERS)
    parts = ("name", "line1", "city")
    perhaps = ("line2", "region", "postal_code", "phone_number")
    address = Address(
        id=draw(IDS),
        user_id=user.id,
        country="IT",
        is_default_shipping=draw(st.booleans()),
        is_default_billing=draw(st.booleans()),
        created_at=draw(TIMES),
        updated_at=draw(TIMES),
        **{name: draw(TEXT) for name in parts},
        **{name: draw(st.none() | TEXT) for name in perhaps},
    )
    return [user, address]


@st.composite
def _event(draw):
    user_id = draw(IDS)
    event = AuditEvent(
        id=draw(IDS),
        user_id=user_id,
        actor_id=draw(st.sampled_from([None, user_id]) | IDS),
        type=draw(TEXT),
        ip_prefix=draw(st.none() | TEXT),
        data=draw(st.dictionaries(TEXT, TEXT, max_size=3)),
        created_at=draw(TIMES),
        request_id=draw(st.none() | TEXT),
        session_id=draw(st.none() | IDS),
        key_id=draw(st.none() | IDS),
    )
    return [event]


@st.composite
def _api_key(draw):
    user = draw(USERS)
    key = ApiKey(
        id=draw(IDS),
        user_id=user.id,
        name=draw(TEXT),
        start=draw(TEXT),
        key_hash=draw(IDS).hex,
        scopes=draw(st.lists(TEXT, max_size=3)),
        created_by=draw(IDS),
        created_at=draw(TIMES),
        expires_at=draw(TIMES),
        last_used_at=draw(st.none() | TIMES),
        last_used_prefix=draw(st.none() | TEXT),
        replaced_by=draw(st.none() | IDS),
        version=draw(st.integers(1, 9)),
    )
    return [user, key]


@st.composite
def _invitation(draw):
    inviter = draw(USERS)
    invitation = Invitation(
        id=draw(IDS),
        email=draw(TEXT),
        email_canonical=draw(IDS).hex,
        token_hash=draw(IDS).hex,
        invited_by=inviter.id,
        created_at=draw(TIMES),
        expires_at=draw(TIMES),
        accepted_at=draw(st.none() | TIMES),
    )
    roles = draw(st.lists(st.builds(Role, id=IDS, name=IDS.map(str)), max_size=2))
    given = (InvitationRole(invitation_id=invitation.id, role_id=role.id) for role in roles)
    return [inviter, invitation, *roles, *given]


VIEW_CASES = {
    "USERS": ViewCase(_with_roles()),
    "API_KEYS": ViewCase(_api_key()),
    "INVITATIONS": ViewCase(_invitation()),
    "ADDRESSES": ViewCase(_address()),
    "AUDIT_EVENTS": ViewCase(_event()),
    "OWN_AUDIT_EVENTS": ViewCase(_event()),
}
