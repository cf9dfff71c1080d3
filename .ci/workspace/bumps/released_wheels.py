"""What the files of a release make: wheels, built once."""

import tempfile
import zipfile
from pathlib import Path

import nox

from workspace.artifacts import find_committed
from workspace.artifacts.building import hatchling
from workspace.distributions import find_distributions
from workspace.history import Release
from workspace.history import checked_out
from workspace.history import committed_at


def build_released(session: nox.Session, release: Release, short: str) -> Path:
    """Build the wheels that the files of a release make. Those that were built once are kept.

    Args:
        session: The one that asks.
        release: What was released.
        short: The folder of the distribution.

    Returns:
        A folder with the wheel of the distribution and of all but other features, as they were
        in that commit; and with the files of the distribution's own wheel in ``sources``.
    """
    kept = session.cache_dir.resolve() / "releases" / f"{short}-{release.tag}-{release.commit[:12]}"
    if kept.exists():
        return kept

    kept.parent.mkdir(exist_ok=True)
    with checked_out(release.tag) as tree, tempfile.TemporaryDirectory(dir=kept.parent) as made:
        released = find_committed(session, tree, short)
        wheels = Path(made, "wheels")
        epoch = committed_at(release.tag)
        for one in find_distributions(tree):
            if one == released or not one.is_feature:
                hatchling(session, one.folder, wheels, "--target=wheel", epoch=epoch)
        with zipfile.ZipFile(wheels / released.wheel.name) as wheel:
            wheel.extractall(wheels / "sources")
        # In one step: wherever we are stopped, it is there whole or not at all.
        wheels.rename(kept)
    return kept
