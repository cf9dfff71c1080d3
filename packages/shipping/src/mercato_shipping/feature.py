"""The manifest of the feature ``shipping``."""

from pathlib import Path

from mercato_contracts.shipping import Shipping
from mercato_kit.feature import Feature, Offer
from mercato_shipping.cli import commands
from mercato_shipping.models import Base
from mercato_shipping.permissions import PERMISSIONS
from mercato_shipping.privacy import PERSONAL_DATA
from mercato_shipping.provides import ZoneShipping
from mercato_shipping.routes import blueprint
from mercato_shipping.sample_data import make_sample_data
from mercato_shipping.settings import ShippingSettings

feature = Feature(
    name="shipping",
    summary="Shipping methods by zone, with prices by weight and amount.",
    blueprints=[blueprint],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations" / "versions",
    offers=[Offer(Shipping, "1.0", ZoneShipping)],
    cli=commands,
    settings=ShippingSettings,
    permissions=PERMISSIONS,
    personal_data=PERSONAL_DATA,
    sample_data=make_sample_data,
)
