"""The manifest of the feature ``orders``."""

from pathlib import Path

from mercato_contracts.catalog import Catalog
from mercato_contracts.discounts import Discounts
from mercato_contracts.messages import Messages
from mercato_contracts.orders import Orders
from mercato_contracts.payments import Payments
from mercato_contracts.shipping import Shipping
from mercato_contracts.stock import Stock
from mercato_contracts.taxes import Taxes
from mercato_kit.feature import Feature, Glue, Need, Offer, Referent, SoftReference
from mercato_kit.identity import IdentityProvider
from mercato_orders.checks import DOCTOR, GAUGES, STARTUP
from mercato_orders.cli import commands
from mercato_orders.events import HANDLES, MAILS, PUBLISHES
from mercato_orders.jobs import JOBS
from mercato_orders.models import Base, Line, Order, OrderEvent
from mercato_orders.permissions import PERMISSIONS
from mercato_orders.privacy import PERSONAL_DATA
from mercato_orders.provides import ShopOrders
from mercato_orders.routes import blueprint
from mercato_orders.sample_data import make_sample_data
from mercato_orders.settings import OrdersSettings

feature = Feature(
    name="orders",
    summary="Quotes, orders, payment and cancellation.",
    blueprints=[blueprint],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations" / "versions",
    referents=[Referent(Orders, "order", Order.id)],
    references=[
        SoftReference(Order.customer_id, IdentityProvider, "subject", "keeps_snapshot"),
        SoftReference(OrderEvent.actor_id, IdentityProvider, "subject", "keeps_snapshot"),
        SoftReference(Line.product_id, Catalog, "product", "keeps_snapshot"),
        SoftReference(Line.variant_id, Catalog, "variant", "keeps_snapshot"),
    ],
    needs=[
        Need(Catalog, ">=1,<2"),
        Need(Stock, ">=1.1,<2"),
        Need(Discounts, ">=1,<2", at_least=0),
        Need(Shipping, ">=1,<2", at_least=0),
        Need(Taxes, ">=1,<2", at_least=0),
        Need(Payments, ">=1,<2", at_least=0),
        Need(Messages, ">=1,<2", at_least=0),
    ],
    offers=[Offer(Orders, "1.0", ShopOrders)],
    publishes=PUBLISHES,
    handles=HANDLES,
    jobs=JOBS,
    glue=[Glue(when=[Need(Messages, ">=1,<2")], handles=MAILS)],
    mails=Path(__file__).parent / "mails",
    settings=OrdersSettings,
    startup=STARTUP,
    permissions=PERMISSIONS,
    doctor=DOCTOR,
    gauges=GAUGES,
    cli=commands,
    personal_data=PERSONAL_DATA,
    sample_data=make_sample_data,
)
