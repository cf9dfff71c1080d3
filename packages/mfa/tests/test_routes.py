import base64

import pytest

from mercato_mfa import services
from mercato_mfa.errors import FactorRequired

from . import factories

ROOT = "/v1/users/me/mfa"


@pytest.fixture
def app_of_alice(alice):
    """The answer that confirms an authenticator app of alice."""
    new = alice.post(f"{ROOT}/totp", json={"label": "Phone"}).json
    code = factories.code_of(base64.b32decode(new["secret"]))
    return alice.post(f"{ROOT}/totp/confirm", json={"id": new["id"], "code": code})


class TestList:
    def test_is_empty_without_a_factor(self, alice):
        """A new account has no factor and no codes."""
        assert alice.get(ROOT).json == {"factors": [], "recovery_codes_left": 0}

    def test_needs_a_person(self, client):
        """Guests have no factors."""
        assert client.get(ROOT).status_code == 401


class TestTotp:
    def test_is_added(self, app_of_alice):
        """The answer is what the list shows: no secret, and when it was last used."""
        shown = app_of_alice.json

        assert app_of_alice.status_code == 200
        assert set(shown) == {"id", "method", "name", "created_at", "used_at"}
        assert (shown["method"], shown["name"]) == ("totp", "Phone")

    def test_names_the_field_of_a_wrong_code(self, alice):
        """The refusal says which field is wrong, with a code for programs."""
        new = alice.post(f"{ROOT}/totp", json={}).json

        refused = alice.post(f"{ROOT}/totp/confirm", json={"id": new["id"], "code": "x"})

        assert refused.status_code == 422
        [error] = refused.json["errors"]
        assert (error["pointer"], error["code"]) == ("/code", "wrong_code")


class TestPasskey:
    def test_is_added(self, alice, bob, authenticator):
        """What the browser made is shown with its name; for another person, it does not exist."""
        begun = alice.post(f"{ROOT}/passkeys/options").json
        made = {
            "challenge": begun["challenge"],
            "credential": authenticator.create(begun["options"]),
        }

        added = alice.post(f"{ROOT}/passkeys", json={**made, "name": "Key"})

        assert (added.status_code, added.json["name"], added.json["used_at"]) == (201, "Key", None)
        assert bob.delete(f"{ROOT}/{added.json['id']}").status_code == 404


class TestFactorOfTheAccount:
    @pytest.mark.usefixtures("app_of_alice")
    @pytest.mark.parametrize("path", ["totp", "passkeys/options", "recovery-codes"])
    def test_is_needed_for_every_other_change(self, alice, path):
        """A session that has not used the factor changes nothing more."""
        refused = alice.post(f"{ROOT}/{path}", json={} if path == "totp" else None)

        assert (refused.status_code, refused.json["code"]) == (401, "step_up_required")
        assert 'acr_values="2"' in refused.headers["WWW-Authenticate"]

    def test_stays_where_a_role_needs_it(self, commit, book):
        """The last factor cannot be removed then."""
        owner = factories.owner()
        commit(factories.add_totp, owner.sub)
        book.required.add(owner.sub)
        [app] = commit(services.list_factors, owner).factors

        with pytest.raises(FactorRequired):
            commit(services.remove_factor, owner, app.id)

        assert commit(services.methods, owner.sub) == ("totp",)
