"""The manifest of the feature ``taxes``."""

from pathlib import Path

from mercato_contracts.taxes import Taxes
from mercato_kit.feature import Check, Feature, Offer
from mercato_taxes import services
from mercato_taxes.cli import commands
from mercato_taxes.models import Base
from mercato_taxes.permissions import PERMISSIONS
from mercato_taxes.privacy import PERSONAL_DATA
from mercato_taxes.provides import RateTaxes
from mercato_taxes.routes import blueprint
from mercato_taxes.sample_data import make_sample_data
from mercato_taxes.settings import TaxesSettings

feature = Feature(
    name="taxes",
    summary="Taxes by country, region and tax code.",
    blueprints=[blueprint],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations" / "versions",
    offers=[Offer(Taxes, "1.0", RateTaxes)],
    doctor=[Check("rates", services.missing_rates)],
    cli=commands,
    settings=TaxesSettings,
    permissions=PERMISSIONS,
    personal_data=PERSONAL_DATA,
    sample_data=make_sample_data,
)
