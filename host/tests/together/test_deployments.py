"""Deployments of the same wheels that differ only in the file."""

from uuid import uuid4

import pytest

from mercato_composition.faults import DeploymentError
from mercato_host import create_app

from .shopping import key, new_order, stock_variant

STAFF = ["products.write", "stock.read", "stock.write"]


class TestFiveDeployments:
    @pytest.mark.parametrize(
        ("features", "served", "absent"),
        [
            (["users"], ["/v1/users/me"], ["/v1/products", "/v1/orders"]),
            (["products"], ["/v1/products"], ["/v1/users/me", "/v1/orders"]),
            (["users", "products"], ["/v1/users/me", "/v1/products"], ["/v1/orders"]),
            (["users", "products", "orders"], ["/v1/users/me", "/v1/products", "/v1/orders"], []),
            (["products", "orders"], ["/v1/products", "/v1/orders"], ["/v1/users/me"]),
        ],
        ids="+".join,
    )
    def test_serve_what_the_file_names(self, boot, write_deployment, features, served, absent):
        """Only features that the file names are served and documented."""
        client = boot(write_deployment(*features)).test_client()

        document = client.get("/openapi.json").json["paths"]
        answers = {path: client.get(path).status_code for path in [*served, *absent]}

        assert client.get("/readyz").status_code == 200
        assert all(path in document for path in served)
        assert not any(path in document for path in absent)
        assert {answers[path] for path in served} <= {200, 401}
        assert {answers[path] for path in absent} <= {404}

    def test_the_order_in_the_file_does_not_matter(self, boot, write_deployment):
        """Features boot in the order of their needs, however the file names them."""
        one, other = (
            boot(write_deployment("users", "products", "orders")),
            boot(write_deployment("orders", "products", "users")),
        )

        rules = [sorted(map(str, app.url_map.iter_rules())) for app in (one, other)]

        assert rules[0] == rules[1]
        assert one.test_client().get("/openapi.json").data == (
            other.test_client().get("/openapi.json").data
        )


class TestOrdersWithoutProducts:
    @pytest.mark.parametrize("features", [["orders"], ["users", "orders"]], ids="+".join)
    def test_is_refused(self, write_deployment, features):
        """Orders without products is refused (K108)."""
        path = write_deployment(*features)

        with pytest.raises(DeploymentError) as refused:
            create_app(path)

        [fault] = refused.value.faults
        needed = [line.split()[1] for line in fault.what.splitlines()]
        assert (fault.code, needed) == ("K108", ["catalog", "stock"])
        assert fault.fixes[0].lines == ("[features.products]",)


class TestWithoutUsers:
    def test_guests_order(self, boot, write_deployment, issuer):
        """A guest can order in a shop without accounts."""
        client = boot(write_deployment("products", "orders", more=issuer.table)).test_client()
        staff = {"Authorization": f"Bearer {issuer.token(str(uuid4()), permissions=STAFF)}"}
        variant_id = stock_variant(client, staff, units=1)

        placed = client.post("/v1/orders", json=new_order(variant_id), headers=key())

        assert placed.status_code == 201, placed.text
        secret = {"Order-Access-Token": placed.json["access_token"]}
        assert client.get(f"/v1/orders/{placed.json['id']}", headers=secret).status_code == 200

    def test_customers_of_an_outside_issuer_order(self, boot, write_deployment, issuer):
        """A customer of an external issuer owns the order; other customers cannot see it."""
        client = boot(write_deployment("products", "orders", more=issuer.table)).test_client()
        staff = {"Authorization": f"Bearer {issuer.token(str(uuid4()), permissions=STAFF)}"}
        alice = {"Authorization": f"Bearer {issuer.token(str(uuid4()), email='a@example.com')}"}
        bob = {"Authorization": f"Bearer {issuer.token(str(uuid4()), email='b@example.com')}"}
        variant_id = stock_variant(client, staff, units=1)
        body = new_order(variant_id)
        del body["email"]

        placed = client.post("/v1/orders", json=body, headers={**alice, **key()})

        assert placed.status_code == 201, placed.text
        address = f"/v1/orders/{placed.json['id']}"
        assert client.get(address, headers=alice).status_code == 200
        assert client.get(address, headers=bob).status_code == 404
        assert len(client.get("/v1/orders", headers=alice).json["data"]) == 1
        assert client.get("/v1/orders", headers=bob).json["data"] == []

    @pytest.mark.parametrize(
        "claims",
        [{"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}, {"sub": ""}],
        ids=lambda claims: next(iter(claims)),
    )
    def test_forged_tokens_are_refused(self, boot, write_deployment, issuer, claims):
        """A token that is invalid or for another audience is refused."""
        client = boot(write_deployment("products", more=issuer.table)).test_client()
        token = issuer.token(**{"sub": "somebody", **claims})

        refused = client.get("/v1/stock-levels", headers={"Authorization": f"Bearer {token}"})

        assert refused.status_code == 401
        assert refused.json["code"] == "unauthenticated"
        assert "WWW-Authenticate" in refused.headers


class TestTwoApps:
    def test_share_nothing(self, boot, write_deployment):
        """Two apps with different features in one process have their own routes and documents."""
        shop, accounts = (
            boot(write_deployment("products", "orders")),
            boot(write_deployment("users")),
        )

        documents = [app.test_client().get("/openapi.json").json for app in (shop, accounts)]

        assert not set(documents[0]["paths"]) & set(documents[1]["paths"])
        assert shop.test_client().get("/v1/users/me").status_code == 404
        assert accounts.test_client().get("/v1/products").status_code == 404
