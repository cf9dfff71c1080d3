"""Check every subset of the installed features: ``nox -s "combinations(every)"``.

Every subset is composed: it fits, or has the faults that its manifests call for. Of those that fit,
so many are served that each three features are seen in every state, on and off, that fits (a
covering array of strength 3, NIST SP 800-142); ``--all`` serves all. Of the others, commands are
called for one of each kind of refusal.

Each is migrated and composed in a process of its own, forked from one that has imported libraries
and no feature. Then its app is called on a database that has the tables and the sample data of all
features: what features that are off have left must change nothing.
"""

import io
import itertools
import multiprocessing
import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
from combinations import Answer, Shop, check, choices, expect, expected_codes
from flask.testing import FlaskClient

from mercato_composition.commands.frame import main as run_command
from mercato_composition.deployment.reader import read_draft
from mercato_composition.features.plan import compose
from mercato_host import create_app
from mercato_kit.feature import ENTRY_POINT_GROUP, Feature


class ComposedShop(Shop):
    """A deployment of some features, of which the app is called without a server."""

    client: FlaskClient
    sample: Path

    def run(self, *words: str, ends_with: int = 0) -> str:
        """Run a command in this process, and return its standard output."""
        output, errors, status = io.StringIO(), io.StringIO(), 0
        os.chdir(self.folder)
        with redirect_stdout(output), redirect_stderr(errors):
            try:
                run_command([f"--deployment={self.file}", *words])
            except SystemExit as ended:
                status = int(ended.code or 0)
        said = f"mercato {' '.join(words)}: {status} {output.getvalue()} {errors.getvalue()}"
        expect(status == ends_with, said)
        return output.getvalue()

    def fill(self) -> None:
        """Take a copy of the database that has the sample data of all features."""
        shutil.copy(self.sample, self.database)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Compose the app for the requests of the block."""
        app = create_app(deployment=self.file)
        self.client = app.test_client()
        expect(self.ask("/readyz").status == 200, "the shop is not ready")
        yield

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Answer:
        """Send a request without a token. A body is sent as JSON, under a key of its own."""
        headers = {} if body is None else {"Idempotency-Key": secrets.token_hex(16)}
        response = self.client.open(path, method=method, json=body, headers=headers)
        return Answer(response.status_code, response.headers, response.get_data())


def manifests_of(names: Collection[str]) -> list[Feature]:
    """Load the manifests of the features with these names."""
    entries = entry_points(group=ENTRY_POINT_GROUP)
    return [entry.load() for entry in entries if entry.name in names]


def fill_sample(file: Path, names: Collection[str]) -> None:
    """Make the database *file* with the sample data of all features."""
    with tempfile.TemporaryDirectory() as folder:
        manifests = manifests_of(names)
        shop = ComposedShop(Path(folder), manifests)
        shop.choose(choices(manifests))
        shop.run("db", "upgrade")
        shop.run("seed")
        with closing(sqlite3.connect(shop.database)) as database:
            # Part of it is in the write-ahead log.
            database.execute("VACUUM INTO ?", (str(file),))


def expected_of(names: tuple[str, ...]) -> set[str]:
    """Compose a subset of the features, and return the codes that it is refused with.

    They are those that its manifests call for.
    """
    manifests = manifests_of(names)
    expected = expected_codes(manifests)
    with tempfile.TemporaryDirectory() as folder:
        shop = ComposedShop(Path(folder), manifests)
        see_composed(shop, expected)
        if "K111" in expected:
            shop.choose(choices(manifests))
            expected = expected_codes(manifests, choices(manifests))
            see_composed(shop, expected)
    return expected


def see_composed(shop: Shop, expected: set[str]) -> None:
    """Check that the features of a deployment fit, or do not for the expected reasons."""
    faults = compose(read_draft(shop.file)).faults
    codes = {fault.code for fault in faults if fault.severity == "error"}
    expect(codes == expected, f"{shop.file.read_text()}: {codes}, not {expected}")


def call(task: tuple[Path, Path, tuple[str, ...]]) -> str:
    """Call commands and the app of a subset of the features, and return what was found.

    Args:
        task: The database with sample data, the folder of the parts, and the names of the features.
    """
    sample, parts, names = task
    manifests = manifests_of(names)
    with tempfile.TemporaryDirectory() as folder:
        shop = ComposedShop(Path(folder), manifests)
        shop.sample = sample
        found = check(shop, manifests, parts)
    return f"{'+'.join(names) or 'none'}: {found}"


def subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return all subsets of *names*, the smaller ones first."""
    sizes = range(len(names) + 1)
    return [some for size in sizes for some in itertools.combinations(names, size)]


def covering(fitting: Sequence[tuple[str, ...]], names: Sequence[str]) -> list[tuple[str, ...]]:
    """Choose subsets that show each three features in every state that any of *fitting* shows.

    Greedy: the subset that shows most of what was not seen comes next.
    """
    threes = list(itertools.combinations(names, 3))
    shown = {
        some: {(three, tuple(n in some for n in three)) for three in threes} for some in fitting
    }
    left, chosen = set[Any]().union(*shown.values()), []
    while left:
        best = max(fitting, key=lambda some: len(shown[some] & left))
        chosen.append(best)
        left -= shown[best]
    return chosen


@click.command()
@click.option("--parts", type=click.Path(path_type=Path), required=True)
@click.option("--processes", type=int, default=len(os.sched_getaffinity(0)), show_default=True)
@click.option("--all", "every", is_flag=True, help="Serve every subset that fits.")
def main(parts: Path, processes: int, every: bool) -> None:  # noqa: FBT001
    """Check every subset of the features that are installed here."""
    names = sorted(entry.name for entry in entry_points(group=ENTRY_POINT_GROUP))
    forks, tasks = multiprocessing.get_context("fork"), subsets(names)
    with forks.Pool(processes) as pool:
        verdicts = dict(zip(tasks, pool.map(expected_of, tasks, chunksize=8), strict=True))
    fitting = [some for some, codes in verdicts.items() if not codes]
    chosen = fitting if every else covering(fitting, names)
    refused = {frozenset(codes): some for some, codes in verdicts.items() if codes}
    with (
        tempfile.TemporaryDirectory() as folder,
        forks.Pool(processes, maxtasksperchild=1) as pool,
    ):
        sample = Path(folder) / "sample.db"
        pool.apply(fill_sample, (sample, names))
        work = [(sample, parts, some) for some in [*chosen, *refused.values()]]
        for found in pool.imap_unordered(call, work):
            click.echo(found)
    click.echo(f"{len(tasks)} subsets: {len(fitting)} fit, {len(chosen)} of them served")


if __name__ == "__main__":
    main()
