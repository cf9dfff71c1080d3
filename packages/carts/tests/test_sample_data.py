from mercato_carts.sample_data import make_sample_data
from mercato_kit.db import new_id

from .factories import Shopper


class TestMakeSampleData:
    def test_opens_carts_once(self, as_user, lamp, mug, commit):
        """Three customers have a cart with two lines; a second run opens none."""
        customers = [(new_id(), f"{number}@example.com", "Ada") for number in range(4)]
        samples = {"variant_ids": [lamp, mug], "customers": customers}

        (line,) = commit(make_sample_data, samples)
        again = commit(make_sample_data, samples)

        first, last = (Shopper(as_user(sub=customers[number][0])) for number in (0, 3))
        assert line.startswith("3 ")
        assert again == []
        assert first.quantities() == {lamp: 1, mug: 2}
        assert last.quantities() == {}
