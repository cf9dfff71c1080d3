from mercato_kit.feature import Need, Offer

from .greeting import Greeting, Hello
from .manifests import feature, planned


class TestOrder:
    def test_does_not_depend_on_the_order_given(self):
        """Features come after those that answer their needs, else in order of name."""
        manifests = [
            feature("aaa", needs=[Need(Greeting, ">=1")]),
            feature("mmm"),
            feature("zzz", offers=[Offer(Greeting, "1.0", Hello)]),
        ]

        orders = [
            [one.name for one in planned(*some).features] for some in (manifests, manifests[::-1])
        ]

        assert orders == [["mmm", "zzz", "aaa"]] * 2
