"""Check subsets of the installed features: ``nox -s "combinations(every)"``.

So many subsets are composed that each four features are seen in every state, on and off (a covering
array of strength 4, NIST SP 800-142): each fits, or has the faults that its manifests call for. Of
all subsets that fit by their manifests, so many are served that each three features are seen in
every state that fits. ``--all`` composes and serves every subset. Of those that do not fit,
commands are called for one of each kind of refusal.

Each is migrated and composed in a process of its own, forked from one that has imported libraries
and no feature. Then its app is called on a database that has the tables and the sample data of all
features: what features that are off have left must change nothing.
"""

import functools
import io
import itertools
import math
import multiprocessing
import operator
import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from importlib.metadata import EntryPoints, entry_points
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
    return [entry.load() for entry in installed() if entry.name in names]


@functools.cache
def installed() -> EntryPoints:
    """Return the entry points of the installed features."""
    return entry_points(group=ENTRY_POINT_GROUP)


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


def covering(
    among: Sequence[tuple[str, ...]], names: Sequence[str], strength: int
) -> list[tuple[str, ...]]:
    """Choose subsets that show each *strength* features in every state that any of *among* shows.

    Greedy: the subset that shows most of what was not seen comes next.
    """
    shown = {some: states_in(some, names, strength) for some in among}
    left, chosen = functools.reduce(operator.or_, shown.values(), 0), []
    while left:
        best = max(among, key=lambda some: (shown[some] & left).bit_count())
        chosen.append(best)
        left &= ~shown[best]
    return chosen


def states_in(some: tuple[str, ...], names: Sequence[str], strength: int) -> int:
    """Return the states of each *strength* features in a subset: one bit for each."""
    on = [name in some for name in names]
    groups = itertools.combinations(on, strength)
    width = 2**strength
    bits = bytearray(math.comb(len(on), strength) * width // 8)
    for place, states in enumerate(groups):
        bit = place * width + sum(1 << number for number, state in enumerate(states) if state)
        bits[bit // 8] |= 1 << bit % 8
    return int.from_bytes(bits, "little")


def fit(names: tuple[str, ...]) -> bool:
    """Tell whether a subset of the features fits by its manifests, perhaps with choices."""
    manifests = manifests_of(names)
    codes = expected_codes(manifests)
    return not (expected_codes(manifests, choices(manifests)) if "K111" in codes else codes)


@click.command()
@click.option("--parts", type=click.Path(path_type=Path), required=True)
@click.option("--processes", type=int, default=len(os.sched_getaffinity(0)), show_default=True)
@click.option("--all", "every", is_flag=True, help="Compose every subset; serve all that fit.")
def main(parts: Path, processes: int, every: bool) -> None:  # noqa: FBT001
    """Check every subset of the features that are installed here."""
    names = sorted(entry.name for entry in installed())
    forks, tasks = multiprocessing.get_context("fork"), subsets(names)
    with forks.Pool(processes) as pool:
        composed = tasks if every else covering(tasks, names, 4)
        verdicts = dict(zip(composed, pool.map(expected_of, composed, chunksize=8), strict=True))
        fits = pool.map(fit, tasks, chunksize=64)
    fitting = list(itertools.compress(tasks, fits))
    chosen = fitting if every else covering(fitting, names, 3)
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
    click.echo(
        f"{len(tasks)} subsets: {len(composed)} composed; {len(fitting)} fit, {len(chosen)} served"
    )


if __name__ == "__main__":
    main()
