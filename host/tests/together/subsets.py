"""Check every subset of the installed features: ``nox -s "combinations(every)"``.

A subset is composed in a process of its own, forked from one that has imported the libraries and no
feature: the commands and requests are those of :mod:`combinations`, without a server between.
"""

import io
import itertools
import json
import multiprocessing
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
from combinations import Answer, Shop, check, expect
from flask.testing import FlaskClient

from mercato_composition.commands.frame import main as run_command
from mercato_host import create_app
from mercato_kit.feature import ENTRY_POINT_GROUP


class ComposedShop(Shop):
    """A deployment of some features, of which the app is called without a server."""

    client: FlaskClient

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


def check_subset(task: tuple[Path, tuple[str, ...]]) -> str:
    """Check the subset of the features with *names*, and return what was found."""
    parts, names = task
    entries = entry_points(group=ENTRY_POINT_GROUP)
    manifests = [entry.load() for entry in entries if entry.name in names]
    with tempfile.TemporaryDirectory() as folder:
        found = check(ComposedShop(Path(folder), manifests), manifests, parts)
    return f"{'+'.join(names) or 'none'}: {found}"


def subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return all subsets of *names*, the smaller ones first."""
    sizes = range(len(names) + 1)
    return [some for size in sizes for some in itertools.combinations(names, size)]


@click.command()
@click.option("--parts", type=click.Path(path_type=Path), required=True)
@click.option("--processes", type=int, default=len(os.sched_getaffinity(0)), show_default=True)
def main(parts: Path, processes: int) -> None:
    """Check every subset of the features that are installed here."""
    names = sorted(entry.name for entry in entry_points(group=ENTRY_POINT_GROUP))
    tasks = [(parts, some) for some in subsets(names)]
    forks = multiprocessing.get_context("fork")
    with forks.Pool(processes, maxtasksperchild=1) as pool:
        for found in pool.imap_unordered(check_subset, tasks, chunksize=1):
            click.echo(found)
    click.echo(json.dumps({"subsets": len(tasks)}))


if __name__ == "__main__":
    sys.exit(main())
