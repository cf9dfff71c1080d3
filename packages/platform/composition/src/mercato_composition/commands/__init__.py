"""What a distribution needs to add commands to ``mercato``."""

from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation, pass_operation
from mercato_composition.commands.output import print_faults

__all__ = ["Command", "Operation", "pass_operation", "print_faults"]
