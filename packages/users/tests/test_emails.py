from email.headerregistry import Address

import pytest
from hypothesis import given, strategies as st
from marshmallow import ValidationError

from mercato_kit.emails import canonical_email, parse
from mercato_users.schemas import NewUserSchema

from . import factories

LOCAL = st.text(
    st.one_of(st.sampled_from("ab.+-_'\"!#%{}|~\\ ,;:<>()[]@\r\nİßﬀ"), st.characters()),
    min_size=1,
    max_size=20,
)
DOMAIN = st.sampled_from(["example.com", "EXAMPLE.com", "bücher.example", "ß.example", "[1.2.3.4]"])

ADDRESSES = [
    # Typed, stored, canonical, To, and another address: whether both are one account.
    ("a@b.cd", "a@b.cd", "a@b.cd", "a@b.cd", ("A@B.CD", True)),
    ("A.B+c@B.cd", "A.B+c@B.cd", "a.b+c@b.cd", "A.B+c@b.cd", ("ab+c@b.cd", False)),
    ("Info@B.cd", "Info@B.cd", "info@b.cd", "Info@b.cd", ("INFO@b.cd", True)),
    ("o'neil@b.cd", "o'neil@b.cd", "o'neil@b.cd", "o'neil@b.cd", ("oneil@b.cd", False)),
    (
        "a@BÜcher.de",
        "a@BÜcher.de",
        "a@xn--bcher-kva.de",
        "a@xn--bcher-kva.de",
        ("a@bücher.de", True),
    ),
    (
        "a@xn--bcher-kva.de",
        "a@xn--bcher-kva.de",
        "a@xn--bcher-kva.de",
        "a@xn--bcher-kva.de",
        ("a@bu\u0308cher.de", True),
    ),
    ("a@faß.de", "a@faß.de", "a@xn--fa-hia.de", "a@xn--fa-hia.de", ("a@fass.de", False)),
    ("a@FAẞ.de", "a@FAẞ.de", "a@xn--fa-hia.de", "a@xn--fa-hia.de", ("a@faß.de", True)),
    ("weiß@b.cd", "weiß@b.cd", "weiß@b.cd", "weiß@b.cd", ("weiss@b.cd", False)),
    ("Zoe\u0308@b.cd", "Zoë@b.cd", "zoë@b.cd", "Zoë@b.cd", ("zo\u00eb@b.cd", True)),
    (
        "Пётр@Пример.рф",
        "Пётр@Пример.рф",
        "пётр@xn--e1afmkfd.xn--p1ai",
        "Пётр@xn--e1afmkfd.xn--p1ai",
        ("пётр@пример.рф", True),
    ),
    ("ﬀ@b.cd", "ﬀ@b.cd", "ﬀ@b.cd", "ﬀ@b.cd", ("ff@b.cd", False)),
    ("a@\uff42.cd", "a@\uff42.cd", "a@b.cd", "a@b.cd", ("a@b.cd", True)),
    ("\uff41@b.cd", "\uff41@b.cd", "\uff41@b.cd", "\uff41@b.cd", ("a@b.cd", False)),
    ("a@βόλος.gr", "a@βόλος.gr", "a@xn--nxasmm1c.gr", "a@xn--nxasmm1c.gr", ("a@βόλοσ.gr", False)),
]
REFUSED = [
    "a",
    "a@b",
    "a@\u2603.de",
    "a@xn--n3h.de",
    "a@-b.de",
    "a@[192.0.2.1]",
    '"a b"@b.cd',
    "a\u200db@b.cd",
]


def register(address):
    """Return the address as a registration stores it."""
    return NewUserSchema().load(factories.registration(address)).email


class TestAddresses:
    def test_table(self):
        """Addresses are stored as written, compared by canonical form, and mailed to by A-label."""
        for typed, stored, canonical, recipient, (other, is_equal) in ADDRESSES:
            kept = register(typed)

            found = (kept, canonical_email(kept), parse(kept).mailbox)
            assert found == (stored, canonical, recipient)
            assert (canonical_email(register(other)) == canonical) is is_equal, (typed, other)

    @pytest.mark.parametrize("address", REFUSED)
    def test_refuses(self, client, address):
        """What IDNA 2008 or a mail server refuses cannot be registered."""
        refused = client.post("/v1/users", json=factories.registration(address))

        assert refused.status_code == 422
        assert [(error["pointer"], error["code"]) for error in refused.json["errors"]] == [
            ("/email", "format")
        ]

    @given(LOCAL, DOMAIN)
    def test_accepted_addresses_can_be_stored_and_mailed(self, local, domain):
        """An accepted address fits its columns and an RFC 5322 header."""
        address = f"{local}@{domain}"
        try:
            accepted = NewUserSchema().load(factories.registration(address)).email
        except ValidationError:
            return

        local, _, domain = parse(accepted).mailbox.rpartition("@")
        assert Address(username=local, domain=domain).addr_spec
        assert len(canonical_email(accepted)) <= 254
