"""Who takes money: one module a provider."""

from collections.abc import Mapping

from mercato_orders.payments.manual import Manual
from mercato_orders.payments.provider import PaymentProvider

PROVIDERS: Mapping[str, PaymentProvider] = {"manual": Manual()}
"""By the name clients use."""
