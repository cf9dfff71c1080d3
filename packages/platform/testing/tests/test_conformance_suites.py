"""The check of the suites of contracts."""

from mercato_contracts.shipping import Shipping
from mercato_kit.feature import Feature, Glue, Offer
from mercato_testing.conformance.suites import missing_suites
from mercato_testing.samples.notes import feature

OFFER = Offer(Shipping, "1.0", object)
POST = Feature(name="post", summary="For a test.", offers=[OFFER])
GLUED = Feature(name="post", summary="For a test.", glue=[Glue(when=["users"], offers=[OFFER])])


class TestMissingSuites:
    def test_finds_an_offer_without_a_suite(self, tmp_path):
        """A provider is found whose tests inherit the suite of another contract only."""
        (tmp_path / "test_contract.py").write_text("class TestContract(TaxesSuite): ...")

        found = [list(missing_suites(one, tmp_path)) for one in (POST, GLUED)]

        what = (
            "it offers shipping, and no test class inherits mercato_testing.contracts.ShippingSuite"
        )
        assert found == [[what], [what]]

    def test_accepts_a_suite_and_contracts_without_one(self, tmp_path):
        """An inherited suite is enough, under any name; contracts without a suite need none."""
        text = "class TestContract(contracts.ShippingSuite): ..."
        (tmp_path / "test_contract.py").write_text(text)

        assert list(missing_suites(POST, tmp_path)) == []
        assert list(missing_suites(feature, tmp_path)) == []
