from mercato_shipping.sample_data import make_sample_data
from mercato_shipping.services import all_zones

from .factories import make_zones, zone_of


class TestMakeSampleData:
    def test_sends_everywhere(self, commit):
        """Germany and the rest of the EU have two methods, and the world has one."""
        (line,) = commit(make_sample_data, {})

        zones = {zone.code: zone for zone in commit(all_zones)}
        assert line == "3 shipping zones with 5 methods"
        assert len(zones["european-union"].areas) == 26
        for zone in zones.values():
            for method in zone.methods:
                assert {rate.currency for rate in method.rates} == {"EUR", "USD", "JPY"}

    def test_keeps_zones(self, commit):
        """It does nothing where there are zones."""
        commit(make_zones, zone_of("germany", "DE"))

        assert commit(make_sample_data, {}) == []
        assert len(commit(all_zones)) == 1
