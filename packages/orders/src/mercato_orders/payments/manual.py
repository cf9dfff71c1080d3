"""Money that changes hands outside: staff say that it is there."""

from mercato_orders.payments.provider import Charge
from mercato_orders.payments.provider import Result


class Manual:
    """Captures at once: whoever calls it has seen the money."""

    def charge(self, charge: Charge) -> Result:
        """Say that the money is there."""
        return Result("captured", provider_payment_id=str(charge.payment_id))
