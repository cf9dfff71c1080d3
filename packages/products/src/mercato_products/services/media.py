"""Media of products."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session, touch
from mercato_kit.errors import invalid
from mercato_products.models import Medium, Product, Variant
from mercato_products.services.products import find_product
from mercato_products.services.versions import lock_product
from mercato_products.values import NewMedium


def replace_media(product_id: UUID, media: Sequence[NewMedium]) -> Product:
    """Replace the media of a product.

    Raises:
        NotFound: The product does not exist.
        Invalid: A medium names a variant of another product.
    """
    product = lock_product(product_id)
    own = set(session.scalars(sa.select(Variant.id).where(Variant.product_id == product_id)))
    for position, medium in enumerate(media):
        if medium.variant_id is not None and medium.variant_id not in own:
            raise invalid(f"/{position}/variant_id", "unknown", "Not a variant of this product.")
    session.execute(sa.delete(Medium).where(Medium.product_id == product_id))
    session.add_all(
        Medium(
            product_id=product_id,
            variant_id=medium.variant_id,
            url=medium.url,
            alt=medium.alt,
            position=position,
        )
        for position, medium in enumerate(media)
    )
    touch(product)
    session.flush()
    return find_product(product_id)
