"""Customers, as their uses are counted."""

import hashlib
import hmac

from mercato_contracts.baskets import Customer
from mercato_kit import keys
from mercato_kit.settings import current_settings
from mercato_vouchers.settings import VouchersSettings


def key_of(customer: Customer) -> str | None:
    """Return the key by which the uses of a customer are counted: 64 hex digits.

    It is an HMAC of the e-mail address, so that a customer with an account has the same one as a
    guest, and the table says nothing about the address; without an address, of the account's id.

    Returns:
        None if neither is known.
    """
    if customer.email is not None:
        known = f"email {customer.email}"
    elif customer.id is not None:
        known = f"id {customer.id}"
    else:
        return None
    return hmac.new(_secret(), known.encode(), hashlib.sha256).hexdigest()


def _secret() -> bytes:
    own = current_settings(VouchersSettings).customer_key
    return keys.derive("vouchers.customer").secret if own is None else own.reveal().encode()
