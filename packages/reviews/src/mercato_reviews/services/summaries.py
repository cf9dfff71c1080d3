"""Number and sum of the ratings of each product, changed in the transaction of the review.

Each statement adds to the row as it is, so that reviews written at the same time all count.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import insert, session
from mercato_reviews.models import Summary
from mercato_reviews.views import SUMMARIES


def read_summaries(product_ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    """Return ``average`` and ``count`` of the published reviews of products that have any."""
    return {
        product_id: {"average": round(rating_sum / count, 2), "count": count}
        for product_id, count, rating_sum in SUMMARIES.rows(product_ids=list(product_ids))
    }


def count_rating(product_id: UUID, rating: int) -> None:
    """Count the rating of a review that is published from now on."""
    row = insert(Summary).values(product_id=product_id, count=1, rating_sum=rating)
    added = row.on_conflict_do_update(
        index_elements=[Summary.product_id],
        set_={
            "count": Summary.count + row.excluded.count,
            "rating_sum": Summary.rating_sum + row.excluded.rating_sum,
        },
    )
    session.execute(added)


def uncount_rating(product_id: UUID, rating: int) -> None:
    """Count a rating no more, because its review was hidden or deleted."""
    _change(product_id, -1, -rating)


def replace_rating(product_id: UUID, old: int, new: int) -> None:
    """Count another rating of a published review."""
    _change(product_id, 0, new - old)


def _change(product_id: UUID, count: int, rating_sum: int) -> None:
    changed = (
        sa.update(Summary)
        .where(Summary.product_id == product_id)
        .values(count=Summary.count + count, rating_sum=Summary.rating_sum + rating_sum)
    )
    session.execute(changed)
