"""Build the wheels in dist/ whose sources changed."""

import tempfile
from pathlib import Path

import nox

from mercato_dev.distributions import DIST, Distribution
from mercato_dev.environments import PLAIN


def is_built(item: Distribution) -> bool:
    """Return whether the wheel in dist/ was built from the current sources."""
    stamp = item.wheel.with_suffix(".sha256")
    return item.wheel.exists() and stamp.exists() and stamp.read_text() == item.digest()


def build_wheel(session: nox.Session, item: Distribution) -> None:
    """Build one wheel, and delete those of other versions."""
    made_of = item.digest()
    DIST.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DIST) as made, session.chdir(item.folder):
        command = ["hatchling", "build", "--target=wheel", f"--directory={made}"]
        session.run(*command, env=PLAIN, silent=True)
        # Renaming is atomic: the wheel is complete or absent.
        Path(made, item.wheel.name).replace(item.wheel)
    item.wheel.with_suffix(".sha256").write_text(made_of)
    for old in DIST.glob(f"{item.module}-*"):
        if old.stem != item.wheel.stem:
            old.unlink()
