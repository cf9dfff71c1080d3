"""Topics of the events that carts publish."""

ABANDONED = "cart.abandoned"
