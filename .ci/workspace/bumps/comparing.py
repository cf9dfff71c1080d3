"""What a distribution showed at its last release, and what it shows now."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nox
from packaging.utils import parse_wheel_filename

from workspace.bumps.environments import Environment
from workspace.bumps.environments import make_environment
from workspace.bumps.http import compare_http
from workspace.bumps.levels import Reason
from workspace.bumps.manifest import compare_manifests
from workspace.bumps.metadata import compare_metadata
from workspace.bumps.python_api import compare_python
from workspace.bumps.released_wheels import build_released
from workspace.bumps.tables import compare_tables
from workspace.distributions import DISTRIBUTIONS
from workspace.distributions import EVERYTHING
from workspace.distributions import ROOT
from workspace.distributions import Distribution
from workspace.environments import CLEAN
from workspace.history import Release

HOST = "mercato-host"


def find_changes(session: nox.Session, item: Distribution, last: Release) -> Iterator[Reason]:
    """Say what differs between what *item* shows and what its release *last* showed."""
    session.log(f"Comparing {item.name} with {last.tag}")
    released = build_released(session, last, item.short)
    (wheel,) = released.glob(f"{item.module}-*.whl")
    yield from compare_metadata(wheel, item.wheel)
    yield from compare_python(session, released / "sources", item.source, item.module)
    if shows_more_than_python(item):
        past, present = make_both(session, item, released)
        for one in shown_by(item, past):
            before, after = describe(session, past, one), describe(session, present, one)
            yield from compare_http(before["http"], after["http"])
            yield from compare_tables(before["tables"], after["tables"])
            yield from compare_manifests(before["manifest"], after["manifest"])


def shows_more_than_python(item: Distribution) -> bool:
    """Tell whether a distribution has routes, tables or a manifest, and there is a host for them.

    Without a host of this repository there is none: an index may have another of that name.
    """
    has_tables = (item.source / item.module / "models.py").exists()
    return HOST in EVERYTHING and (item.is_feature or has_tables or item.name == HOST)


def shown_by(item: Distribution, environment: Environment) -> list[Distribution]:
    """Name what shows *item* to others: itself; and what every feature has of the kit or the host.

    Only what *environment* holds can be asked.
    """
    return [item, *(one for one in users_of(item) if environment.holds(one.name))]


def users_of(item: Distribution) -> list[Distribution]:
    """Name the features that are made of *item*: of one of them, nothing is."""
    return [] if item.is_feature else [one for one in DISTRIBUTIONS if one.is_feature]


def make_both(
    session: nox.Session, item: Distribution, released: Path
) -> tuple[Environment, Environment]:
    """Make an environment with a distribution as it was released, and one with it as it is.

    Both hold the same host, kit, features and libraries beside it, those of today, so that each
    difference is its own doing. A release that today's features are too new for goes without
    them; one that does not go with the others either goes with what its own commit had.
    """
    today = {one.name: one.wheel for one in DISTRIBUTIONS}
    then = {str(parse_wheel_filename(file.name)[0]): file for file in released.glob("*.whl")}
    mixed = today | {item.name: then[item.name]}
    alone = sorted({item.name, HOST})
    beside_features = sorted({*alone, *(one.name for one in users_of(item))})
    folder = session.cache_dir.resolve() / "shown"
    now = make_environment(session, folder / f"{item.short}-now", beside_features, today)
    if now is None:
        session.error(f"{' and '.join(beside_features)} do not go together: see above")
    past = folder / f"{item.short}-before"
    before = make_environment(session, past, beside_features, mixed, now.libraries)
    if before is None and beside_features != alone:
        session.log(f"What features have of {released.name} is not compared: they are newer")
        before = make_environment(session, past, alone, mixed, now.libraries)
    if before is None and HOST in then:
        before = make_environment(session, past, alone, then)
    if before is None:
        session.error(f"{' and '.join(alone)} of {released.name} do not go together: see above")
    return before, now


def describe(session: nox.Session, environment: Environment, item: Distribution) -> dict[str, Any]:
    """Ask a distribution what it shows, in an environment that holds it and the host."""
    command = [str(environment.python), "-I", f"{ROOT}/.ci/programs/describe.py", item.name]
    # Only what it prints is JSON; what it warns of goes to the terminal.
    said = session.run(*command, env=CLEAN, external=True, silent=True, stderr=None, log=False)
    described: dict[str, Any] = json.loads(str(said))
    return described
