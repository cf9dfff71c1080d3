"""Passkeys in Chromium, with its virtual authenticator: added, and used for the next login."""

import pytest

from mercato_kit import work
from mercato_users import services
from mercato_users.values import NewUser

ORIGIN = "http://localhost:5000"
LOGIN = {"email": "ada@example.com", "password": "a quiet morning at the market"}
FEATURES = {"users": {"settings": {"second_factor_for": ["admin"]}}, "mfa": {}}
CTAP = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

CREATE = """async options => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return JSON.stringify(await navigator.credentials.create({publicKey}));
}"""
GET = """async options => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return JSON.stringify(await navigator.credentials.get({publicKey}));
}"""


@pytest.fixture(scope="module")
def client(make_app):
    """The client of a shop whose administrator ada needs a second factor."""
    app = make_app(features=FEATURES)

    def create():
        user = services.create_verified_user(NewUser(**LOGIN))
        services.grant_role(user.id, "admin")

    with app.app_context():
        work.run(create)
    return app.test_client()


@pytest.fixture
def page(chromium):
    """A page of the shop, in a browser with a virtual authenticator."""
    with chromium.new_context() as context:
        page = context.new_page()
        # The page alone is the shop's: its requests are sent by the test.
        page.route("**/*", lambda route: route.fulfill(body="<p>", content_type="text/html"))
        page.goto(ORIGIN)
        devtools = context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": CTAP})
        yield page


def send(client, path, login, expected, **body):
    """Post with the token of a login, and return the answer."""
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    answer = client.post(f"/v1/users/me/mfa/{path}", headers=headers, **body)
    assert answer.status_code == expected, answer.text
    return answer.json


class TestPasskey:
    def test_is_added_and_logs_in(self, client, page):
        """What Chromium makes is a second factor, and its answer completes a login, once."""
        first = client.post("/v1/auth/login", json=LOGIN).json
        begun = send(client, "passkeys/options", first, 200)

        made = page.evaluate(CREATE, begun["options"])
        new = {"challenge": begun["challenge"], "credential": made, "name": "Laptop"}
        added = send(client, "passkeys", first, 201, json=new)

        challenged = client.post("/v1/auth/login", json=LOGIN).json
        [method] = challenged["methods"]
        answer = page.evaluate(GET, method["options"])
        body = {"challenge": challenged["challenge"], "method": "passkey", "answer": answer}
        logins = [client.post("/v1/auth/mfa", json=body) for _ in range(2)]

        assert (added["name"], method["method"]) == ("Laptop", "passkey")
        assert [login.status_code for login in logins] == [200, 410]
        headers = {"Authorization": f"Bearer {logins[0].json['access_token']}"}
        assert client.get("/v1/users", headers=headers).status_code == 200
