"""Features from outside of this repository: the shapes of the template, and what they can add."""

import os
import subprocess
import sys
from uuid import uuid4

import pytest

from mercato_dev.scaffold import CONTRACTS, make_feature
from mercato_kit import work
from mercato_taxes.sample_data import make_sample_data as make_tax_rates
from mercato_vouchers.sample_data import make_sample_data as make_vouchers

from .outside import install, write_bundles
from .shopping import key, new_order, stock_variant

STAFF = ["products.write", "stock.read", "stock.write"]
COMPOSED = ("products", "orders", "taxes", "vouchers")
CHOSEN = """
[features.taxes.settings]
country = "DE"

[capabilities]
discounts = ["bundles", "vouchers"]
"""


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """A folder in which the wheel ``mercato-bundles`` is installed."""
    folder = tmp_path_factory.mktemp("outside")
    install(folder / "site", write_bundles(folder))
    return folder / "site"


@pytest.fixture
def shop(bundles, boot, write_deployment, issuer, monkeypatch):
    """The client of a shop with the wheel, tax rates and vouchers; and the headers of staff."""
    monkeypatch.syspath_prepend(bundles)
    app = boot(write_deployment(*COMPOSED, "bundles", more=f"{issuer.table}{CHOSEN}"))
    for make in (make_tax_rates, make_vouchers):
        with app.app_context():
            work.run(lambda make=make: make({}))
    token = issuer.token(str(uuid4()), permissions=STAFF)
    return app.test_client(), {"Authorization": f"Bearer {token}"}


class TestBundles:
    def test_an_order_has_its_discount_and_its_method(self, shop):
        """The order shows both discounts, and is sent with the method of the wheel."""
        client, staff = shop
        wanted = new_order(stock_variant(client, staff, units=9), discount_codes=["WELCOME10"])
        wanted["lines"][0]["quantity"] = 3

        asked = {name: wanted[name] for name in ("lines", "currency", "shipping_address")}
        quoted = client.post("/v1/orders/quote", json=asked)
        chosen = {**wanted, "shipping_method": "bundles.courier"}
        placed = client.post("/v1/orders", json=chosen, headers=key())

        assert quoted.status_code == 200, quoted.text
        assert [it["code"] for it in quoted.json["shipping_methods"]] == ["bundles.courier"]
        assert placed.status_code == 201, placed.text
        order = placed.json
        discounts = {
            it["provider"]: (it["label"], it["amount"])
            for it in order["adjustments"]
            if it["kind"] == "discount"
        }
        assert discounts == {
            "bundles": ("3 for 2", -1000),
            "vouchers": ("10 % off your first order", -200),
        }
        assert (order["shipping_method"], order["amount_shipping"]) == ("bundles.courier", 990)
        assert order["amount_total"] == 3000 - 1200 + 990 + (
            0 if order["tax_included"] else order["amount_tax"]
        )

    def test_products_show_its_expansion(self, shop):
        """``expand=bundles`` adds the member of the wheel, and the document describes it."""
        client, staff = shop
        stock_variant(client, staff, units=1)

        [product] = client.get("/v1/products?expand=bundles").json["data"]
        document = client.get("/openapi.json").json

        assert product["expanded"] == {"bundles": {"label": "3 for 2"}}
        assert "BundlesBundle" in document["components"]["schemas"]


class TestShapes:
    def test_pass_lint_and_their_tests(self, tmp_path):
        """Each shape is green as it is: ruff, conformance, and the suite of its contract."""
        folders = [make_feature("parcels", tmp_path, shape="empty", workspace=False)]
        for name in CONTRACTS:
            options = {"shape": "contract", "contract": name}
            folders.append(make_feature(f"my_{name}", tmp_path, **options, workspace=False))
        install(tmp_path / "site", *folders)
        # Shapes of other contracts differ in the provider only.
        tests = [folder / "tests" for folder in folders[:2]]
        tests += [folder / "tests/test_contract.py" for folder in folders[2:]]
        config = folders[0] / "pyproject.toml"

        self._run(tmp_path, "ruff", "check", "--no-cache", *folders)
        self._run(tmp_path, "ruff", "format", "--check", "--no-cache", *folders)
        words = ["-v", f"--rootdir={tmp_path}", "-c", config, *tests]
        done = self._run(tmp_path, "pytest", *words, PYTHONPATH="site")

        assert all(f"my-{name}/tests/test_contract.py" in done for name in CONTRACTS), done

    def _run(self, folder, module, *words, **environ):
        """Run a tool, and return its output."""
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=folder,
            env=os.environ | environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
