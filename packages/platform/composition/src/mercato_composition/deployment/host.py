"""Find the installed host: the ``create_app()`` that commands call, and its distribution."""

import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, cast

from mercato_composition.faults import Command, DeploymentError, Fault, Fix, Place

GROUP = "mercato.app"
"""Entry point group of a host's factory: ``create_app(deployment, features=…) -> Flask``."""

DEFAULT_HOST = "mercato-host"
"""The host that is ignored if another one is installed."""


def load_factory() -> Callable[..., Any]:
    """Import the factory of the installed host.

    Raises:
        DeploymentError: No host is installed, or two hosts besides the default one are.
    """
    return cast("Callable[..., Any]", find_host().load())


def find_host() -> EntryPoint:
    """Find the entry point of the installed host, without importing it.

    Raises:
        DeploymentError: As :func:`load_factory`.
    """
    found = sorted(entry_points(group=GROUP), key=distribution_of)
    own = [entry for entry in found if distribution_of(entry) != DEFAULT_HOST]
    chosen = own or found
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        what = f"no installed distribution has an entry point in the group {GROUP!r}."
        raise DeploymentError(
            [
                Fault(
                    "K128",
                    Place(name="host"),
                    what,
                    (Command((_installer("install", DEFAULT_HOST),)),),
                )
            ]
        )
    lines = [f"{distribution_of(entry)}: {entry.value}" for entry in chosen]
    what = "\n".join([f"{len(chosen)} installed distributions provide a host:", *lines])
    raise DeploymentError([Fault("K128", Place(name="host"), what, tuple(_uninstalled(chosen)))])


def _uninstalled(hosts: Iterable[EntryPoint]) -> Iterator[Fix]:
    """Give the commands that uninstall one of two hosts; of more, all but one must go."""
    names = [distribution_of(host) for host in hosts]
    for kept in names:
        others = [name for name in names if name != kept]
        yield Command((_installer("uninstall", *others),), certainty="choice")


def _installer(verb: str, *names: str) -> tuple[str, ...]:
    """Return a command that changes the running environment, which may have no pip."""
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        return (str(uv), "pip", verb, f"--python={sys.executable}", *names)
    return (sys.executable, "-m", "pip", verb, *(["--yes"] if verb == "uninstall" else []), *names)


def distribution_of(host: EntryPoint) -> str:
    """Return the name of the distribution that provides a host."""
    return host.dist.name if host.dist is not None else DEFAULT_HOST


def host_requirements() -> tuple[str, ...]:
    """Return the distributions that every environment needs: the host and the kit."""
    try:
        host = distribution_of(find_host())
    except DeploymentError:
        # The requirements must also be known before a host is installed.
        host = DEFAULT_HOST
    return (host, "mercato-kit")
