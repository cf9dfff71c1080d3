"""The frame of the ``mercato`` command, for those who add commands to it."""

from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation
from mercato_composition.commands.operation import pass_operation
from mercato_composition.commands.output import tell

__all__ = ["Command", "Operation", "pass_operation", "tell"]
