"""Payment providers, one module each."""

from collections.abc import Mapping

from mercato_orders.payments.manual import Manual
from mercato_orders.payments.provider import PaymentProvider

PROVIDERS: Mapping[str, PaymentProvider] = {"manual": Manual()}
"""Payment providers by the name used in the API."""
