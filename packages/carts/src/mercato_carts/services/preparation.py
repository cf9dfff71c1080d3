"""Ask remote providers about a cart, before the transaction begins."""

from uuid import UUID

from mercato_carts.access import Caller
from mercato_carts.services.carts import find_cart
from mercato_carts.services.prices import Contents, Price, contents_of, price_cart
from mercato_carts.values import Wishes
from mercato_contracts.orders import Orders, Prepared, Quoted, Wanted
from mercato_kit import work
from mercato_kit.services import get


def prepare_price(cart_id: UUID, caller: Caller, wishes: Wishes | None = None) -> Price | None:
    """Return the price of a cart; each part of the work has a transaction of its own.

    Args:
        cart_id: Id of the cart.
        caller: The caller.
        wishes: How it is to be sent and billed.

    Returns:
        The price; None for a cart that is closed.

    Raises:
        NotFound: The cart does not exist, or belongs to someone else.
    """
    contents = work.run(lambda: _find(cart_id, caller), read_only=True)
    return None if contents is None else price_cart(contents, caller.principal, wishes, ask)


def ask(wanted: Wanted) -> tuple[Prepared | None, Quoted]:
    """Ask remote providers, then orders, outside of a transaction."""
    prepared = get(Orders).prepare(wanted)
    return prepared, work.run(lambda: get(Orders).quote(wanted, prepared), read_only=True)


def _find(cart_id: UUID, caller: Caller) -> Contents | None:
    cart = find_cart(cart_id, caller)
    return contents_of(cart) if cart.status == "open" else None
