"""Choices about the real features that an operator makes in the deployment file."""

from uuid import uuid4

import pytest

from mercato_composition.faults import DeploymentError
from mercato_host import create_app

from .shopping import key, new_order, stock_variant

STAFF = ["products.write", "stock.read", "stock.write"]


class TestRequired:
    @pytest.mark.provokes("K504")
    def test_orders_without_products_is_closed_and_accounts_go_on(self, boot, write_deployment):
        """Optional orders without products are left out, and every report says so."""
        optional = "[features.orders]\nrequired = false\n"
        client = boot(write_deployment("users", more=optional)).test_client()

        closed = [client.get("/v1/orders"), client.get(f"/v1/orders/{uuid4()}/payments")]
        ready = client.get("/readyz")

        assert {answer.status_code for answer in closed} == {503}
        assert closed[0].mimetype == "application/problem+json"
        assert (closed[0].json["feature"], closed[0].json["state"]) == ("orders", "disabled")
        assert client.get("/v1/users/me").status_code == 401
        assert (ready.status_code, ready.json["status"]) == (200, "degraded")
        assert 'mercato_left_out{feature="orders"} 1.0' in client.get("/metrics").text


class TestCapabilities:
    @pytest.mark.provokes("K111")
    def test_two_features_that_know_who_is_calling_are_refused(self, write_deployment, issuer):
        """K111: users and oidc both offer identities, and the file chooses neither."""
        path = write_deployment("users", more=issuer.table)

        with pytest.raises(DeploymentError) as refused:
            create_app(path)

        [fault] = refused.value.faults
        assert (fault.code, fault.where) == ("K111", "contract identity")
        assert "mercato-oidc" in fault.what
        assert "mercato-users" in fault.what

    @pytest.mark.parametrize(("chosen", "status"), [("oidc", 200), ("users", 401)])
    def test_one_of_them_is_chosen(self, boot, write_deployment, issuer, chosen, status):
        """Only tokens of the chosen provider are accepted."""
        more = f'{issuer.table}[capabilities]\nidentity = "{chosen}"\n'
        client = boot(write_deployment("users", "products", "orders", more=more)).test_client()
        token = issuer.token(str(uuid4()))

        answer = client.get("/v1/orders", headers={"Authorization": f"Bearer {token}"})

        assert answer.status_code == status


class TestMount:
    def test_a_shop_under_other_prefixes(self, boot, write_deployment, issuer):
        """An order is placed, found and listed under the mounts of the features."""
        mounts = (
            '[features.products]\nmount = "/shop"\n[features.orders]\nmount = "/desk/two"\n'
            f"{issuer.table}"
        )
        client = boot(write_deployment(more=mounts)).test_client()
        staff = {"Authorization": f"Bearer {issuer.token(str(uuid4()), permissions=STAFF)}"}
        variant_id = stock_variant(client, staff, units=1, mount="/shop")

        placed = client.post("/desk/two/v1/orders", json=new_order(variant_id), headers=key())

        assert placed.status_code == 201, placed.text
        place = placed.headers["Location"]
        assert place == f"/desk/two/v1/orders/{placed.json['id']}"
        secret = {"Order-Access-Token": placed.json["access_token"]}
        assert client.get(place, headers=secret).json["id"] == placed.json["id"]
        assert client.post("/v1/orders", json={}, headers=key()).status_code == 404
        paths = client.get("/openapi.json").json["paths"]
        assert {path.partition("/v1/")[0] for path in paths} == {"/shop", "/desk/two"}
