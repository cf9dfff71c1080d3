"""Who buys: the caller of a request, with the e-mail address of the order."""

from mercato_contracts.baskets import Customer
from mercato_kit.emails import canonical_email
from mercato_kit.errors import invalid
from mercato_kit.principals import Principal
from mercato_orders.values import NewOrder


def visitor_of(principal: Principal) -> Customer:
    """Return a caller who wants a quote."""
    return Customer(principal.sub, principal.email, principal.email_verified)


def buyer_of(new: NewOrder, principal: Principal) -> Customer:
    """Return a caller who places an order, with its e-mail address as it was written.

    Raises:
        Invalid: Neither *new* nor *principal* has an e-mail address, or that of *new* differs from
            the verified address of *principal*.
    """
    return Customer(principal.sub, _choose_email(new, principal), principal.email_verified)


def _choose_email(new: NewOrder, customer: Principal) -> str:
    """Return the e-mail address of an order, as it was written.

    A customer with a verified address cannot name another one, nor another spelling, so that order
    mail does not go to a third person.
    """
    own, given = customer.email, new.email
    if own is None and given is None:
        raise invalid("/email", "required", "Missing data for required field.")
    if own is None or given is None:
        return own or given or ""
    if not customer.email_verified:
        return given
    if canonical_email(given) != canonical_email(own):
        raise invalid("/email", "not_yours", "Must be the address of your account.")
    return own
