"""What the files and tags of the repository have against a release."""

from collections.abc import Iterator

from workspace.distributions import Distribution
from workspace.history import find_releases
from workspace.history import git


def faults_of_tree(item: Distribution) -> Iterator[str]:
    """Find what is not committed, and migrations that were edited since they were released."""
    # Of the whole repository: what proves a release runs beside all the rest.
    for line in git("status", "--porcelain"):
        yield f"not committed: {line[3:]}"
    tags = [release.tag for release in find_releases(item)]
    migrations = str(item.source / item.module / "migrations/versions")
    changed = ["diff", "--name-only", "--no-renames", "--diff-filter=a"]
    for tag in tags[:1]:
        for file in git(*changed, tag, "--", migrations):
            yield f"{file} was released with {tag}, and is not what it was: write a new migration"
