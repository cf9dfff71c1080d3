"""Events that carts publish."""

from mercato_carts.topics import ABANDONED

PUBLISHES = [ABANDONED]
