from uuid import UUID, uuid4

import pytest

from mercato_oidc.provides import subject_id

from . import factories


class TestIdentity:
    def test_says_who_is_calling(self, call, issuer):
        """Subject, e-mail address, name and permissions come from the token."""
        sub = uuid4()
        token = issuer.token(
            sub=str(sub),
            email="alice@example.com",
            email_verified=True,
            name="Alice",
            permissions=["gate.open"],
        )

        answer = call(token)

        assert answer.json == {
            "sub": str(sub),
            "kind": "user",
            "email": "alice@example.com",
            "email_verified": True,
            "name": "Alice",
            "permissions": ["gate.open"],
        }

    @pytest.mark.parametrize(
        "granted", [["gate.open", "rockets.fire", 7], "gate.open rockets.fire"]
    )
    def test_grants_what_features_declare_and_nothing_else(self, call, issuer, granted):
        """Permissions are a list or words; those that no feature declares are ignored."""
        token = issuer.token(permissions=granted)

        assert call(token).json["permissions"] == ["gate.open"]
        assert call(token, "/staff").status_code == 200

    @pytest.mark.parametrize("granted", [None, 7, {"gate.open": True}, ["gate"], [["gate.open"]]])
    def test_grants_nothing_by_accident(self, call, issuer, granted):
        """A claim of any other shape grants nothing."""
        assert call(issuer.token(permissions=granted), "/staff").status_code == 403

    def test_reads_permissions_from_the_claim_in_the_settings(self, app_of, issuer):
        """The name of the claim is a setting, for example ``scope``."""
        client = app_of(issuer, permissions_claim="scope").test_client()
        token = issuer.token(scope="openid gate.open")
        factories.until(lambda: factories.call(client, token).status_code == 200)

        answer = factories.call(client, token)

        assert answer.json["permissions"] == ["gate.open"]

    @pytest.mark.parametrize("claim", ["email", "name"])
    @pytest.mark.parametrize("value", [7, ["a"], "a\0", "\ud800", "a\nb", "a" * 256])
    def test_leaves_out_what_is_no_line(self, call, issuer, claim, value):
        """Texts that a database cannot store, or that are no short line, are left out."""
        assert call(issuer.token(**{claim: value})).json[claim] is None

    def test_keeps_names_in_nfc(self, call, issuer):
        """Names and addresses have the same form as those that a customer types."""
        said = call(issuer.token(name="Zoe\u0308", email="Zoe\u0308@B\u00fccher.example")).json

        assert (said["name"], said["email"]) == ("Zo\u00eb", "Zo\u00eb@B\u00fccher.example")

    @pytest.mark.parametrize("email", ["alice", "alice@\u2603.example", '"a b"@example.com'])
    def test_leaves_out_what_cannot_be_mailed(self, call, issuer, email):
        """An address that mail cannot be sent to is left out, and so it is not verified."""
        said = call(issuer.token(email=email, email_verified=True)).json

        assert (said["email"], said["email_verified"]) == (None, False)

    def test_takes_only_true_for_a_verified_address(self, call, issuer):
        """Only the boolean true counts, not the text "true"."""
        token = issuer.token(email="a@b.cd", email_verified="true")

        assert call(token).json["email_verified"] is False


class TestSubjectId:
    def test_keeps_a_uuid(self):
        """A subject that is a canonical UUID is the id."""
        sub = uuid4()

        assert subject_id("https://id.example", str(sub)) == sub

    def test_tells_apart_what_merely_reads_as_one_uuid(self):
        """Other spellings of the same UUID are different subjects."""
        sub = uuid4()
        spellings = [str(sub), f"{{{sub}}}", sub.urn, sub.hex, str(sub).upper()]

        ids = {subject_id("https://id.example", spelling) for spelling in spellings}

        assert len(ids) == len(set(spellings))

    def test_is_the_same_for_the_same_person_of_the_same_issuer(self):
        """Any other subject gets a stable id, different for each issuer."""
        one = subject_id("https://id.example", "auth0|7")

        assert one == subject_id("https://id.example", "auth0|7")
        assert one != subject_id("https://other.example", "auth0|7")
        assert isinstance(one, UUID)
