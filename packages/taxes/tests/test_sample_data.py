from mercato_taxes.sample_data import make_sample_data
from mercato_taxes.services import all_rates, missing_rates
from mercato_taxes.tax_ids import EUROPEAN_UNION

from .factories import make_rate


class TestMakeSampleData:
    def test_has_the_rates_of_the_european_union(self, commit):
        """Each member state has a standard rate; all but Denmark have a reduced one."""
        (line,) = commit(make_sample_data, {})

        countries = commit(lambda: [(rate.country, rate.tax_code) for rate in all_rates()])
        assert line == "53 tax rates of 27 countries"
        assert {country for country, code in countries if code == "standard"} == EUROPEAN_UNION
        assert {country for country, code in countries if code == "reduced"} == EUROPEAN_UNION - {
            "DK"
        }
        assert commit(missing_rates) is None

    def test_keeps_rates(self, commit):
        """It does nothing where there are rates."""
        commit(make_rate)

        assert commit(make_sample_data, {}) == []
        assert commit(lambda: len(list(all_rates()))) == 1
