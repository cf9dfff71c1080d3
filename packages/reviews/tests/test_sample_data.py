from mercato_kit.db import new_id
from mercato_reviews.sample_data import make_sample_data

from .factories import summary_of
from .fakes import LAMP, MUG


def samples():
    """Return what other features leave: two customers and two variants."""
    customers = [(new_id(), f"{name}@example.com", name) for name in ("Ada", "Tom")]
    return {"customers": customers, "variant_ids": [LAMP, MUG]}


class TestMakeSampleData:
    def test_writes_reviews_once(self, client, commit):
        """Products have reviews with names; a second run writes nothing."""
        given = samples()

        lines = commit(make_sample_data, given)
        again = commit(make_sample_data, given)

        listed = client.get("/v1/reviews").json["data"]
        assert (lines, again) == (["3 reviews of 2 products"], [])
        assert {one["author_name"] for one in listed} == {"Ada", "Tom"}
        kept, counted = commit(summary_of, MUG)
        assert kept == counted

    def test_needs_customers_and_products(self, commit):
        """Without customers or variants there is nothing to review."""
        given = samples()

        for missing in ("customers", "variant_ids"):
            assert commit(make_sample_data, given | {missing: []}) == []
