from mercato_kit.db import new_id
from mercato_reviews.sample_data import make_sample_data

from .fakes import LAMP, MUG


class TestMakeSampleData:
    def test_creates_sample_data_once(self, charlie, commit):
        """There is one per customer; a second run creates nothing."""
        customers = [(new_id(), "ada@example.com", "Ada"), (new_id(), "tom@example.com", "Tom")]
        samples = {"variant_ids": [LAMP, MUG], "customers": customers}

        (line,) = commit(make_sample_data, samples)
        again = commit(make_sample_data, samples)

        made = charlie.get("/v1/reviews").json["data"]
        assert line.startswith("2 ")
        assert again == []
        assert {one["product_name"] for one in made} == {"Desk lamp", "Coffee mug"}
