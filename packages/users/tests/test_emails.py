import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from mercato_kit.db import new_id
from mercato_kit.db import utc_now
from mercato_users import emails
from mercato_users.mail import Mail
from mercato_users.mail import render
from mercato_users.schemas import NewUserSchema

from . import factories
from .factories import WIDE

LOCAL = st.text(
    st.one_of(st.sampled_from("ab.+-_'\"!#%{}|~\\ ,;:<>()[]@\r\nİßﬀ"), st.characters()),
    min_size=1,
    max_size=20,
)
DOMAIN = st.sampled_from(["example.com", "EXAMPLE.com", "bücher.example", "ß.example", "[1.2.3.4]"])


class TestCanonical:
    @pytest.mark.parametrize("spelling", [" alice@example.com ", "ALICE@Example.COM", WIDE])
    def test_is_one_for_all_spellings(self, spelling):
        """Space around, case and width do not matter."""
        assert emails.canonical(spelling) == "alice@example.com"

    def test_keeps_different_mailboxes_apart(self):
        """What mail servers may tell apart stays apart."""
        assert emails.canonical("a.lice+shop@example.com") != emails.canonical("alice@example.com")

    @given(st.text(max_size=50))
    def test_is_stable(self, text):
        """The canonical form of a canonical form is itself."""
        once = emails.canonical(text)

        assert emails.canonical(once) == once


class TestIsDeliverable:
    @given(LOCAL, DOMAIN)
    def test_lets_nothing_into_the_database_that_cannot_be_mailed(self, local, domain):
        """Every address that is accepted fits its columns and an RFC 5322 header."""
        address = f"{local}@{domain}"
        try:
            accepted = NewUserSchema().load(factories.registration(address)).email
        except ValidationError:
            return

        mail = Mail(id=new_id(), sent_at=utc_now(), to=accepted, subject="Hello", text="Hello.")
        message = render(mail, "shop@example.com")

        assert message["To"].addresses[0].addr_spec
        assert len(emails.canonical(accepted)) <= 254
        assert message.as_bytes().count(b"\nTo:") == 1
