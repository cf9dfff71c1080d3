"""The small features of :mod:`persons`, installed, with a deployment and a database."""

from importlib import import_module
from pathlib import Path

from mercato_kit.db import new_id
from mercato_testing.samples import wheels

from .lending import Library

FEATURES = ("accounts", "letters", "parcels")


class Persons(Library):
    """A folder with the three features installed, and a deployment with one database."""

    def __init__(self, folder, url):
        self.folder, self.url = folder, url
        self.file = folder / "deployment.toml"
        name = f"persons_{abs(hash(str(folder)))}"
        (folder / f"{name}.py").write_text(Path(__file__).with_name("persons.py").read_text())
        for feature in FEATURES:
            wheels.install(folder, feature, f"from {name} import {feature} as feature\n")
        self.choose(*FEATURES)
        assert self.mercato("db", "upgrade").exit_code == 0
        self.module = import_module(name)
        with self.transaction() as connection:
            for feature in FEATURES:
                getattr(self.module, feature).metadata.create_all(connection)

    def add(self, email="ann@example.com", text="Dear Bob", *, is_open=False):
        """Add an account with a letter and a parcel, and return its id."""
        account, module = new_id(), self.module
        with self.transaction() as connection:
            for model, row in (
                (module.Account, {"id": account, "email": email}),
                (module.Letter, {"account_id": account, "text": text}),
                (
                    module.Parcel,
                    {"account_id": account, "address": "Main Street 1", "is_open": is_open},
                ),
            ):
                connection.execute(model.__table__.insert(), {"id": new_id(), **row})
        return account

    def texts(self):
        """Return everything that names a person."""
        found = self.execute(
            "SELECT email FROM accounts_account WHERE email IS NOT NULL"
            " UNION ALL SELECT text FROM letters_letter"
            " UNION ALL SELECT address FROM parcels_parcel WHERE address IS NOT NULL"
        )
        return sorted(text for (text,) in found)

    def erase_and_die(self, account):
        """Erase an account by processes that are killed, and return how many were.

        Of each two, the first one dies before its second commit, which has answered for a feature,
        and the next one right after it.
        """
        process = self.process(str(account), program=("-c", KILLED))
        killed, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        return int(killed)


KILLED = """
import os
import signal
import sys
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mercato_composition.deployment.host import load_factory
from mercato_composition.deployment.reader import read_draft
from mercato_composition.features.plan import compose
from mercato_database.privacy import run
from mercato_kit import privacy, work
from mercato_kit.db import engine, session
from mercato_kit.models import PrivacyStep

file, account = Path(sys.argv[1].partition("=")[2]), UUID(sys.argv[2])
app = load_factory()(compose(read_draft(file)).deployment)
with app.app_context():
    id_ = work.run(lambda: privacy.request("erase", privacy.Subject(account)))
    engine().dispose()
seen = 0


def die_at(event):
    def die(_):
        global seen
        seen += 1
        if seen == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(Session, event, die)


killed = 0
while True:
    child = os.fork()
    if child == 0:
        with app.app_context():
            if work.run(lambda: privacy.get(id_)).status == "done":
                os._exit(0)
            # What may be under way has ended.
            work.run(lambda: session.execute(sa.update(PrivacyStep).values(next_attempt_at=None)))
            die_at("after_commit" if killed % 2 else "before_commit")
            run(id_)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        print(killed)
        sys.exit(os.WEXITSTATUS(status))
    killed += 1
"""
