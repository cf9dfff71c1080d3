import pytest


class TestReadMe:
    def test_returns_the_callers_account(self, alice):
        """The response has all public fields, no secrets, and an ETag."""
        me = alice.get("/v1/users/me")

        assert me.status_code == 200
        assert set(me.json) == {
            "id",
            "email",
            "kind",
            "email_verified",
            "given_name",
            "family_name",
            "phone_number",
            "locale",
            "status",
            "roles",
            "metadata",
            "version",
            "created_at",
            "updated_at",
        }
        assert me.headers["ETag"] == '"1"'
        assert me.headers["Cache-Control"] == "private, no-store"

    def test_requires_a_login(self, client):
        """A guest gets 401."""
        refused = client.get("/v1/users/me")

        assert (refused.status_code, refused.json["code"]) == (401, "unauthenticated")
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")


class TestChangeMe:
    def change(self, client, version, **members):
        """Send a change, and return the response."""
        return client.patch("/v1/users/me", json=members, headers={"If-Match": f'"{version}"'})

    def test_changes_given_fields(self, alice):
        """Other fields stay unchanged, and the version increases."""
        changed = self.change(alice, 1, given_name="Alicia", metadata={"size": "M"})

        assert changed.status_code == 200
        assert (changed.json["given_name"], changed.json["metadata"]) == ("Alicia", {"size": "M"})
        assert (changed.json["email"], changed.json["version"]) == ("alice@example.com", 2)
        assert changed.headers["ETag"] == '"2"'

    def test_refuses_a_stale_version(self, alice):
        """A change based on an outdated version is refused."""
        self.change(alice, 1, given_name="Alicia")

        stale = self.change(alice, 1, family_name="Smith")

        assert stale.status_code == 412
        assert alice.get("/v1/users/me").json["family_name"] is None

    def test_requires_the_version(self, alice):
        """Without If-Match the response is 428."""
        refused = alice.patch("/v1/users/me", json={"given_name": "Alicia"})

        assert refused.status_code == 428

    def test_keeps_other_users(self, alice, bob):
        """Other profiles do not change."""
        self.change(alice, 1, given_name="Alicia")

        assert bob.get("/v1/users/me").json["given_name"] == "Bob"

    def test_clears_with_null(self, alice):
        """Null clears a field; an empty text is refused."""
        cleared = self.change(
            alice, 1, given_name=None, family_name=None, phone_number=None, locale=None
        )

        assert cleared.status_code == 200
        assert {cleared.json[name] for name in ("given_name", "family_name", "locale")} == {None}

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("email", "eve@example.com"),
            ("email_verified", True),
            ("status", "active"),
            ("password_hash", "x"),
            ("roles", ["admin"]),
            ("locale", "not a locale"),
            ("phone_number", "0171 234"),
            ("given_name", "x" * 101),
            ("given_name", 5),
            ("given_name", ""),
            ("given_name", " \t"),
            ("family_name", "\u3000"),
            ("family_name", "Two\nlines"),
            ("family_name", "\x1b[31m"),
            ("given_name", "Ali\u202ece"),
            ("locale", ""),
            ("phone_number", ""),
            ("metadata", {"x": 1}),
        ],
    )
    def test_refuses(self, alice, member, value):
        """Fields that users cannot change and invalid values are refused."""
        refused = self.change(alice, 1, **{member: value})

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"].startswith(f"/{member}")
        assert alice.get("/v1/users/me").json["version"] == 1
