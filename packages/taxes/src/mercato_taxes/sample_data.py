"""Sample data: the standard and a reduced rate of each country of the European Union."""

from pathlib import Path
from typing import Any

from mercato_kit.csv_files import read_csv
from mercato_taxes import services
from mercato_taxes.schemas import RateRowSchema

EU_RATES = Path(__file__).parent / "eu_rates.csv"


def make_sample_data(samples: dict[str, list[Any]]) -> list[str]:  # noqa: ARG001 - needs none
    """Import the rates of the European Union that the wheel has, if there are none."""
    if next(services.all_rates(), None) is not None:
        return []
    rates = [rate for _, rate in read_csv(EU_RATES, RateRowSchema())]
    services.import_rates(rates)
    countries = {rate.country for rate in rates}
    return [f"{len(rates)} tax rates of {len(countries)} countries"]
