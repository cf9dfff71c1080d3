"""What ``mercato check`` asks the servers of a deployment, besides its database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mercato_composition.deployment.servers import unreachable_servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mercato_composition.commands.operation import Operation
    from mercato_composition.faults import Fault


def check_servers(operation: Operation) -> Iterator[Fault]:
    """Report the servers that do not answer."""
    return unreachable_servers(operation.deployment)
