"""How much of a version the changes of a distribution, or of a release unit, need, and why."""

from mercato_dev.bumps.bump import Bump, find_bump
from mercato_dev.bumps.units import UnitBump, find_unit_bump

__all__ = ["Bump", "UnitBump", "find_bump", "find_unit_bump"]
