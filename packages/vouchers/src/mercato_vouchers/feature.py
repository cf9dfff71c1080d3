"""The manifest of the feature ``vouchers``."""

from pathlib import Path

from mercato_contracts.discounts import Discounts
from mercato_kit.feature import Feature, Offer, SoftReference
from mercato_kit.identity import IdentityProvider
from mercato_vouchers.cli import commands
from mercato_vouchers.models import Base, Redemption, Voucher
from mercato_vouchers.permissions import PERMISSIONS
from mercato_vouchers.privacy import PERSONAL_DATA
from mercato_vouchers.provides import VoucherDiscounts
from mercato_vouchers.routes import blueprint
from mercato_vouchers.sample_data import make_sample_data
from mercato_vouchers.settings import VouchersSettings

feature = Feature(
    name="vouchers",
    summary="Vouchers: codes and automatic discounts, with limits.",
    blueprints=[blueprint],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations" / "versions",
    references=[
        SoftReference(Voucher.customer_id, IdentityProvider, "subject", "keeps_snapshot"),
        SoftReference(Redemption.customer_id, IdentityProvider, "subject", "keeps_snapshot"),
    ],
    offers=[Offer(Discounts, "1.0", VoucherDiscounts)],
    cli=commands,
    settings=VouchersSettings,
    permissions=PERMISSIONS,
    personal_data=PERSONAL_DATA,
    sample_data=make_sample_data,
)
