"""Providers of the contracts ``catalog`` and ``stock``: services under the names of a contract."""

from mercato_products import services


class ProductCatalog:
    """Implements :class:`mercato_contracts.catalog.Catalog` on this feature's tables."""

    quote = staticmethod(services.quote_variants)


class ProductStock:
    """Implements :class:`mercato_contracts.stock.Stock` on this feature's tables."""

    transactional = True

    reserve = staticmethod(services.reserve_units)
    extend = staticmethod(services.extend_reservation)
    commit = staticmethod(services.commit_reservation)
    ship = staticmethod(services.ship_units)
    unship = staticmethod(services.unship_units)
    release = staticmethod(services.release_units)
    restock = staticmethod(services.restock_units)
