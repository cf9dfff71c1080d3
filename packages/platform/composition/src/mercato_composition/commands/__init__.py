"""What a distribution needs to add commands to ``mercato``."""

from mercato_composition.commands.documents import as_json, print_document
from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation, pass_operation
from mercato_composition.commands.output import print_faults
from mercato_kit.progress import progress

__all__ = [
    "Command",
    "Operation",
    "as_json",
    "pass_operation",
    "print_document",
    "print_faults",
    "progress",
]
