"""How much of a version the changes of a distribution, or of a release unit, need, and why."""

from workspace.bumps.finding import Bump
from workspace.bumps.finding import find_bump
from workspace.bumps.units import UnitBump
from workspace.bumps.units import find_unit_bump

__all__ = ["Bump", "UnitBump", "find_bump", "find_unit_bump"]
