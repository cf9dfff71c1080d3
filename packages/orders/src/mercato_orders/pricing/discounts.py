"""Choose reductions and take them off a basket: pure functions, exact to the minor unit."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mercato_contracts.baskets import PPM, Basket, BasketLine, allocate, half_up
from mercato_contracts.discounts import Reduction, Use
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_orders.errors import AmountTooLarge
from mercato_orders.pricing.values import Adjustment, Offered, Reduced


class NotCombinable(Exception):
    """A code does not apply beside another one."""

    def __init__(self, code: str) -> None:
        super().__init__(f"{code} does not apply beside other codes")
        self.code = code


def take_off(basket: Basket, offered: Sequence[Offered]) -> Reduced:
    """Choose reductions, and subtract them from a basket at listed prices.

    Args:
        basket: At listed prices; with the price of shipping, if a method is chosen.
        offered: What all providers answered, in their order.

    Raises:
        AmountTooLarge: The lines cost more than 2^53 - 1.
        NotCombinable: A code of the basket does not apply beside the others.
    """
    if sum(line.amount_subtotal for line in basket.lines) > MAX_SAFE_INTEGER:
        raise AmountTooLarge
    if not offered:
        return Reduced(basket)
    taken = _taken(basket, choose(basket, offered))
    used = {each.offered.reduction.code for each in taken if each.amount}
    return Reduced(
        basket=_without(basket, taken),
        adjustments=tuple(part for each in taken for part in each.adjustments()),
        uses=tuple((each.offered.provider, each.use) for each in taken if each.amount),
        without_effect=tuple(code for code in basket.codes if code not in used),
    )


def choose(basket: Basket, offered: Sequence[Offered]) -> list[Offered]:
    """Choose the reductions that apply together.

    A code that is not combinable applies alone. Combinable codes apply with the automatic
    reductions that are combinable. Without codes, whichever takes off most applies: all that are
    combinable, or one of the others; of equal ones the first.

    Raises:
        NotCombinable: A code does not apply beside the others.
    """
    together = [one for one in offered if one.reduction.combinable]
    coded = [one for one in offered if one.reduction.code is not None]
    if coded:
        alone = [one.reduction.code for one in coded if not one.reduction.combinable]
        if alone and len({one.reduction.code for one in coded}) > 1:
            raise NotCombinable(str(alone[0]))
        return coded if alone else together
    exclusive: dict[tuple[str, str], list[Offered]] = {}
    for one in offered:
        if not one.reduction.combinable:
            exclusive.setdefault((one.provider, one.reduction.id), []).append(one)
    return max(
        [together, *exclusive.values()],
        key=lambda chosen: sum(each.amount for each in _taken(basket, chosen)),
    )


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one reduction takes off: by position, None for shipping."""

    offered: Offered
    parts: dict[int | None, int]

    @property
    def amount(self) -> int:
        return sum(self.parts.values())

    @property
    def use(self) -> Use:
        return Use(self.offered.reduction.id, self.offered.reduction.code, self.amount)

    def adjustments(self) -> Iterator[Adjustment]:
        reduction = self.offered.reduction
        for position, amount in self.parts.items():
            if amount:
                yield Adjustment(
                    "discount",
                    "shipping" if position is None else "line",
                    position,
                    self.offered.provider,
                    reduction.label,
                    -amount,
                    code=reduction.code,
                    reduction_id=reduction.id,
                )


def _taken(basket: Basket, chosen: Iterable[Offered]) -> list[_Taken]:
    """Apply reductions, each to what those before it have left.

    Reductions of single lines come first, then those of all lines.
    """
    left: dict[int | None, int] = {None: basket.shipping.amount if basket.shipping else 0}
    # A total must not depend on the order in which a client lists its lines.
    left |= {line.position: line.amount for line in by_variant(basket.lines)}
    taken = []
    for offered in sorted(chosen, key=lambda one: one.reduction.lines is None):
        places = [place for place in left if _reduces(offered.reduction, place)]
        amounts = [left[place] for place in places]
        shares = allocate(_amount_off(offered.reduction, sum(amounts)), amounts)
        parts = dict(zip(places, shares, strict=True))
        left |= {place: left[place] - share for place, share in parts.items()}
        taken.append(_Taken(offered, parts))
    return taken


def by_variant(lines: Iterable[BasketLine]) -> list[BasketLine]:
    """Sort lines in the order in which the units that are left of a division are given away."""
    return sorted(lines, key=lambda line: line.variant_id)


def _reduces(reduction: Reduction, place: int | None) -> bool:
    if reduction.off == "shipping" or place is None:
        return reduction.off == "shipping" and place is None
    return reduction.lines is None or place in reduction.lines


def _amount_off(reduction: Reduction, left: int) -> int:
    wanted = reduction.amount or half_up(left * (reduction.ppm or 0), PPM)
    return min(wanted, left, left if reduction.at_most is None else reduction.at_most)


def _without(basket: Basket, taken: Iterable[_Taken]) -> Basket:
    """Return the basket with its discounts."""
    off: dict[int | None, int] = {}
    for each in taken:
        for place, amount in each.parts.items():
            off[place] = off.get(place, 0) + amount
    return discounted(basket, off)


def discounted(basket: Basket, off: dict[int | None, int]) -> Basket:
    """Return the basket with discounts added, by position of the line, or None for shipping."""
    lines = tuple(
        replace(line, amount_discount=line.amount_discount + off.get(line.position, 0))
        for line in basket.lines
    )
    shipping = basket.shipping
    if shipping:
        shipping = replace(shipping, amount_discount=shipping.amount_discount + off.get(None, 0))
    return replace(basket, lines=lines, shipping=shipping)
