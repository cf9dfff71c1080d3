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
    released = build_released(session, last)
    (wheel,) = released.glob(f"{item.module}-*.whl")
    yield from compare_metadata(wheel, item.wheel)
    yield from compare_python(session, released / "sources", item.source, item.module)
    if shows_more_than_python(item):
        before, after = describe_both(session, item, released)
        yield from compare_http(before["http"], after["http"])
        yield from compare_tables(before["tables"], after["tables"])
        yield from compare_manifests(before["manifest"], after["manifest"])


def shows_more_than_python(item: Distribution) -> bool:
    """Tell whether a distribution has routes, tables or a manifest, and there is a host for them.

    Without a host of this repository there is none: an index may have another of that name.
    """
    has_tables = (item.source / item.module / "models.py").exists()
    return HOST in EVERYTHING and (item.is_feature or has_tables or item.name == HOST)


def describe_both(
    session: nox.Session, item: Distribution, released: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Describe a distribution as it was released, and as it is.

    Both run beside the same host, kit and libraries, those of today, so that each difference is
    its own doing. A release that does not go with those runs beside what its own commit had.
    """
    today = {one.name: one.wheel for one in DISTRIBUTIONS}
    then = {str(parse_wheel_filename(file.name)[0]): file for file in released.glob("*.whl")}
    names = sorted({item.name, HOST})
    folder = session.cache_dir.resolve() / "shown"
    now = make_environment(session, folder / f"{item.short}-now", names, today)
    if now is None:
        session.error(f"{' and '.join(names)} do not go together: see above")
    past = folder / f"{item.short}-before"
    mixed = today | {item.name: then[item.name]}
    before = make_environment(session, past, names, mixed, now.libraries)
    if before is None and HOST in then:
        before = make_environment(session, past, names, then)
    if before is None:
        session.error(f"{' and '.join(names)} of {released.name} do not go together: see above")
    return describe(session, before, item), describe(session, now, item)


def describe(session: nox.Session, environment: Environment, item: Distribution) -> dict[str, Any]:
    """Ask a distribution what it shows, in an environment that holds it and the host."""
    command = [str(environment.python), "-I", f"{ROOT}/.ci/programs/describe.py", item.name]
    # Only what it prints is JSON; what it warns of goes to the terminal.
    said = session.run(*command, env=CLEAN, external=True, silent=True, stderr=None, log=False)
    described: dict[str, Any] = json.loads(str(said))
    return described
