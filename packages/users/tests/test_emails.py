from hypothesis import given, strategies as st
from marshmallow import ValidationError

from mercato_kit.db import new_id, utc_now
from mercato_kit.identity import canonical_email
from mercato_users.mail import Mail, render
from mercato_users.schemas import NewUserSchema

from . import factories

LOCAL = st.text(
    st.one_of(st.sampled_from("ab.+-_'\"!#%{}|~\\ ,;:<>()[]@\r\nİßﬀ"), st.characters()),
    min_size=1,
    max_size=20,
)
DOMAIN = st.sampled_from(["example.com", "EXAMPLE.com", "bücher.example", "ß.example", "[1.2.3.4]"])


class TestIsDeliverable:
    @given(LOCAL, DOMAIN)
    def test_accepted_addresses_can_be_stored_and_mailed(self, local, domain):
        """An accepted address fits its columns and an RFC 5322 header."""
        address = f"{local}@{domain}"
        try:
            accepted = NewUserSchema().load(factories.registration(address)).email
        except ValidationError:
            return

        mail = Mail(id=new_id(), sent_at=utc_now(), to=accepted, subject="Hello", text="Hello.")
        message = render(mail, "shop@example.com")

        assert message["To"].addresses[0].addr_spec
        assert len(canonical_email(accepted)) <= 254
        assert message.as_bytes().count(b"\nTo:") == 1
