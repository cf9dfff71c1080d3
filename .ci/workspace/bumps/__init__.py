"""How much of a version the changes of a distribution need, and why."""

from workspace.bumps.finding import Bump
from workspace.bumps.finding import find_bump

__all__ = ["Bump", "find_bump"]
