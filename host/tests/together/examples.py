"""Write the examples of the API document into the features: ``nox -s examples``."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from flask import Flask

from mercato_composition.features.plan import Plan
from mercato_database.runner import upgrade
from mercato_host import create_app
from mercato_kit import work
from mercato_kit.composition import current_composition
from mercato_kit.db import engine
from mercato_payments_sandbox.server import prepared
from mercato_runtime.worker import run_once

from .recorder import ROOT, Recorder, file_of, text_of
from .tour import SECRET, Tour, mails_in

DEPLOYMENT = ROOT / "host/deployments/development.toml"


@contextmanager
def sample_shop(folder: Path) -> Iterator[Flask]:
    """Make a shop with sample data in *folder*, which also gets its mails."""
    features = tomllib.loads(DEPLOYMENT.read_text())["features"]
    features["notifications"]["settings"] |= {"mail": "folder", "mail_folder": str(folder)}
    # Payments are only authorized, so that they can be captured or voided.
    features["orders"]["settings"] = {"capture_at": "request"}
    database = {"url": f"sqlite:///{folder}/shop.db"}
    with serving_sandbox(folder) as url:
        features["payments_sandbox"]["settings"] = {"url": url, "secret": SECRET}
        app = create_app({"environment": "testing", "database": database, "features": features})
        with app.app_context():
            upgrade(database["url"], current_composition().features)
            fill(app)
        yield app
        with app.app_context():
            engine().dispose()


@contextmanager
def serving_sandbox(folder: Path) -> Iterator[str]:
    """Serve a sandbox of payments, which posts its events nowhere; yield its address."""
    with prepared(folder / "sandbox.db", SECRET) as (sandbox, server):
        serving = Thread(target=server.serve_forever)
        serving.start()
        try:
            yield sandbox.url
        finally:
            server.shutdown()
            serving.join()


def fill(app: Flask) -> None:
    """Make the sample data of every feature, in the order of the plan."""
    samples: dict[str, list[Any]] = {}
    plan: Plan = app.extensions["mercato_plan"]
    for feature in plan.features:
        if make := feature.manifest.sample_data:
            work.run(lambda make=make: make(samples))


def record(folder: Path) -> dict[str, dict[str, Any]]:
    """Walk through a new shop in *folder*, and return the examples by feature and operation."""
    with sample_shop(folder) as app:
        recorder = Recorder(app)

        seen: set[Path] = set()

        def mails() -> list[str]:
            run_once(app)
            return mails_in(folder, seen)

        mails()
        Tour(recorder, mails).walk()
        return recorder.examples()


def main() -> None:
    """Write the files."""
    with TemporaryDirectory() as folder:
        for feature, examples in record(Path(folder)).items():
            file_of(feature).write_text(text_of(examples))


if __name__ == "__main__":
    main()
