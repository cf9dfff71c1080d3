"""What the files and tags of the repository have against a release."""

from collections.abc import Iterator

from mercato_dev.distributions import Distribution
from mercato_dev.history import find_last_release, find_uncommitted, git


def faults_of_tree() -> Iterator[str]:
    """Find what is not committed in the whole repository: it proves a release beside the rest."""
    for line in find_uncommitted():
        yield f"not committed: {line[3:]}"


def faults_of_migrations(item: Distribution) -> Iterator[str]:
    """Find migrations that were edited since they were released."""
    # On a branch that maintains 1.0, what 2.0 has elsewhere is not missed.
    last = find_last_release(item)
    if last is None:
        return
    migrations = str(item.source / item.module / "migrations/versions")
    changed = ["diff", "--name-only", "--no-renames", "--diff-filter=a"]
    for file in git(*changed, last.tag, "--", migrations):
        yield f"{file} was released with {last.tag}, and is not what it was: write a new migration"
