"""Products show what their reviews say."""

from mercato_kit.db import new_id

from .factories import make_reviews
from .fakes import LAMP, MUG


class TestReviewsOfProducts:
    def test_are_average_and_count(self, client, commit):
        """Each product has the average to two decimals and the number; null without reviews."""
        commit(make_reviews, 5, 4, 4, product_id=LAMP)
        url = f"/fakes/catalog.product?ids={LAMP},{MUG},{new_id()}&expand=reviews"

        answer = client.get(url)

        assert [one["expanded"]["reviews"] for one in answer.json["data"]] == [
            {"average": 4.33, "count": 3},
            None,
            None,
        ]
        assert answer.headers["Cache-Control"].startswith("public, max-age=30")

    def test_are_published_ones(self, client, charlie, commit):
        """A product whose reviews are all hidden is like one without any."""
        (review_id,) = commit(make_reviews, 1, product_id=LAMP)
        charlie.post(f"/v1/reviews/{review_id}/hide", json={})

        answer = client.get(f"/fakes/catalog.product?ids={LAMP}&expand=reviews")

        assert answer.json["data"][0]["expanded"] == {"reviews": None}
