"""Zones are imported: all or none, and a second time without effect."""

from collections.abc import Sequence

import sqlalchemy as sa

from mercato_kit import security
from mercato_kit.db import locked, session
from mercato_kit.lists import any_of
from mercato_shipping.models import Zone
from mercato_shipping.services.zones import PARTS, value_of, write_zones
from mercato_shipping.values import Imported, NewZone


def import_zones(zones: Sequence[NewZone], *, dry_run: bool = False) -> Imported:
    """Create the zones that there are not yet, and replace the others where they differ.

    Zones that are not given stay.

    Args:
        zones: The zones, each code once.
        dry_run: Only count what would be done.

    Raises:
        AreaTaken: A zone that is not given has one of the areas.
    """
    codes = [zone.code for zone in zones]
    statement = sa.select(Zone).options(*PARTS).where(any_of(Zone.code, codes)).order_by(Zone.code)
    known = {zone.code: zone for zone in session.scalars(locked(statement))}
    created = [new for new in zones if new.code not in known]
    changed = [new for new in zones if new.code in known and value_of(known[new.code]) != new]
    if not dry_run and (created or changed):
        made = {new.code: Zone(code=new.code) for new in created}
        session.add_all(made.values())
        write_zones([((known | made)[new.code], new) for new in [*created, *changed]])
        security.record("shipping_zones_imported", created=len(created), changed=len(changed))
    return Imported(len(created), len(changed), len(zones) - len(created) - len(changed))
