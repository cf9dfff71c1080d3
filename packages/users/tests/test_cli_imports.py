"""Accounts of another system are imported."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from mercato_kit.db import session
from mercato_users import hashes, services
from mercato_users.cli import commands
from mercato_users.errors import ImportRunning
from mercato_users.models import AuditEvent, Import, User
from mercato_users.services import ImportRow

from . import factories
from .test_hashes import HASHES

HEADER = "email,email_verified,password_hash,given_name,roles\n"


@pytest.fixture
def write(tmp_path):
    """A function that writes a file, and returns its path."""

    def file(name, text):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return file


@pytest.fixture
def run_import(app):
    """A function that runs ``mercato users import …``."""

    def run(*arguments):
        with app.app_context():
            return CliRunner().invoke(
                commands, ["import", *map(str, arguments)], catch_exceptions=False
            )

    return run


class TestCsv:
    def test_imports_accounts(self, write, run_import, client, commit):
        """A person logs in with the password of the other system, whose hash is replaced then."""
        kept = HASHES["django pbkdf2_sha256"]
        rows = f"Ada@example.com,true,{kept},Ada,\nbo@example.com,false,,,\n"
        file = write("users.csv", HEADER + rows)

        done = run_import(file)

        assert (done.exit_code, done.output) == (0, "2 accounts imported, 0 rows refused.\n")
        assert commit(_hash_of, "ada@example.com") == kept
        user = factories.log_in(client, "ada@example.com")["user"]
        assert (user["email"], user["email_verified"]) == ("Ada@example.com", True)
        assert (user["given_name"], user["roles"]) == ("Ada", [])
        assert hashes.scheme(commit(_hash_of, "ada@example.com")) == "argon2id 19456 2 1"
        assert commit(_hash_of, "bo@example.com") is None

    def test_gives_roles_if_asked(self, write, run_import, client, commit):
        """Without the option a row with roles is refused, and so is one with an unknown role."""
        commit(factories.make_role, "packers", [])
        commit(factories.make_role, "readers", [])
        file = write(
            "users.csv",
            f'{HEADER}ada@example.com,true,,,"packers,readers"\nbo@example.com,true,,,x\n',
        )

        without = run_import(file, "--dry-run")
        done = run_import(file, "--roles")

        assert without.exit_code == 3
        assert "users.csv:2: roles: give them with --roles" in without.output
        assert done.exit_code == 3
        assert "users.csv:3: roles: There is no role x." in done.output
        assert commit(_roles_of, "ada@example.com") == ["packers", "readers"]

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ("ada,true,,,", "email: Not a valid email address."),
            (",true,,,", "email: Missing data for required field."),
            ("ada@example.com,yes,,,", "email_verified: Not a valid boolean."),
            ("ada@example.com,true,md5$x$y,,", "password_hash: The form of the hash is unknown."),
            (f"ada@example.com,true,$2b$15${'x' * 53},,", "14 are allowed."),
        ],
    )
    def test_refuses_a_row_and_imports_the_others(self, write, run_import, commit, row, said):
        """The line says which row it is, and why."""
        file = write("users.csv", f"{HEADER}{row}\nbo@example.com,true,,,\n")

        done = run_import(file)

        assert done.exit_code == 3
        assert said in done.output
        assert "users.csv:2: " in done.output
        assert commit(_addresses) == ["bo@example.com"]

    def test_refuses_an_address_that_is_taken(self, write, run_import, commit, tmp_path):
        """By an account, or by a row before, in any spelling; the account stays as it is."""
        commit(factories.make_user, "ada@example.com", given_name="Ada")
        rows = ["Bo@example.com,true,,Bo,", "ADA@example.com,true,,Eve,", "bo@example.com,true,,,"]
        file, errors = write("users.csv", HEADER + "\n".join(rows)), tmp_path / "errors.csv"

        checked = run_import(file, "--dry-run")
        done = run_import(file, "--errors", errors)

        assert "1 rows would be refused" in checked.output
        assert done.output == "1 accounts imported, 2 rows refused.\n"
        taken = "email: An account with this address exists."
        assert errors.read_text() == f"line,text\n3,{taken}\n4,{taken}\n"
        assert errors.stat().st_mode & 0o077 == 0
        assert commit(_addresses) == ["Bo@example.com", "ada@example.com"]

    @pytest.mark.parametrize(
        ("name", "text", "said"),
        [
            ("users.csv", "email\n", "the column email_verified is missing"),
            ("users.csv", HEADER + "a@example.com,true,,,,,\n", "has more cells than line 1"),
            ("users.csv", "email,email_verified,is_admin\n", "'is_admin' is not a column"),
            ("users.xlsx", "", "ends in .csv or .jsonl"),
        ],
    )
    def test_refuses_what_is_no_such_file(self, write, run_import, commit, name, text, said):
        """Nothing is imported of a file that cannot be read to its end."""
        refused = run_import(write(name, f"{text}"))

        assert refused.exit_code == 1
        assert said in refused.output
        assert commit(_addresses) == []


class TestJsonLines:
    def test_imports_accounts(self, write, run_import, commit):
        """Each line is an object; roles are a list. A line that is none is refused."""
        commit(factories.make_role, "packers", [])
        ada = {"email": "ada@example.com", "email_verified": True, "roles": ["packers"]}
        lines = [
            json.dumps(ada),
            "",
            "[]",
            "{",
            json.dumps({**ada, "email": "bo@example.com", "email_verified": "true"}),
            json.dumps({**ada, "email": "cy@example.com", "is\nadmin": True}),
        ]

        done = run_import(write("users.jsonl", "\n".join(lines)), "--roles")

        assert done.exit_code == 3
        assert "1 accounts imported, 4 rows refused." in done.output
        assert "users.jsonl:3: expected a JSON object" in done.output
        assert "users.jsonl:5: email_verified: Not a valid boolean." in done.output
        assert "users.jsonl:6: is admin: Unknown field." in done.output
        assert commit(_roles_of, "ada@example.com") == ["packers"]


class TestDryRun:
    def test_changes_nothing(self, write, run_import, commit):
        """It says what would happen, and the import can be run afterwards."""
        file = write("users.csv", f"{HEADER}ada@example.com,true,,,\n")

        checked = run_import(file, "--dry-run")

        assert checked.output == "1 accounts can be imported, 0 rows would be refused.\n"
        assert commit(_addresses) == []
        assert run_import(file).output == "1 accounts imported, 0 rows refused.\n"


class TestErrors:
    def test_leaves_another_file_alone(self, write, run_import, commit):
        """A file other than a list of refused rows is not overwritten."""
        file, other = write("users.csv", HEADER), write("other.csv", "a,b\n")

        refused = run_import(file, "--errors", other)

        assert refused.exit_code == 1
        assert "there is another file" in refused.output
        assert other.read_text() == "a,b\n"

    def test_shows_the_first_hundred(self, write, run_import):
        """Without the option the others are counted."""
        file = write("users.csv", HEADER + "x,true,,,\n" * 120)

        done = run_import(file)

        assert done.output.count("Not a valid email address") == 100
        assert "and 20 more; --errors FILE writes all" in done.output


class TestAgain:
    def test_is_imported_once(self, write, run_import, commit, outbox):
        """A file that was imported is not read again; a changed one is another file."""
        file = write("users.csv", f"{HEADER}ada@example.com,true,,,\nbo@example.com,false,,,\n")
        run_import(file)

        again = run_import(file)

        assert again.output == (
            "users.csv was imported before.\n2 accounts imported, 0 rows refused.\n"
        )
        assert len(outbox("user.verified")) == 1
        recorded = sa.select(AuditEvent.type)
        assert commit(lambda: session.scalars(recorded).all()) == ["imported"] * 2

    def test_does_not_run_twice_at_once(self, commit):
        """A process that finds that another one has moved on ends without a change."""
        reached = commit(services.begin_import, "0" * 64)
        ada = ImportRow(2, {"email": "ada@example.com", "email_verified": True, "roles": []})

        with pytest.raises(ImportRunning):
            commit(services.import_rows, replace(reached, offset=500), [ada])

        assert commit(_addresses) == []


class TestKill:
    def test_resumes_exactly(self, write, database, commit, tmp_path):
        """Killed five times between any statements: no account and no error is lost or doubled."""
        text = HEADER + "".join(map(_row, range(1200))) + _row(5)
        file, errors = write("users.csv", text), tmp_path / "errors.csv"
        kills = [
            "INSERT INTO users_user :1",
            "UPDATE users_import:1",
            "INSERT INTO users_user :2",
            "UPDATE users_import:1",
            "INSERT INTO users_user :2",
        ]
        program = [sys.executable, str(Path(__file__).with_name("importing.py"))]

        ended = subprocess.run(
            [*program, database.url, str(file), str(errors), *kills],
            check=True,
            capture_output=True,
            text=True,
        )

        killed = str(-signal.SIGKILL)
        assert ended.stdout.splitlines()[-1].split(",") == [killed] * 5 + ["3"], ended.stderr
        assert commit(_addresses) == sorted(f"u{n}@example.com" for n in range(1200) if n % 100)
        wrong = [int(line.split(",")[0]) for line in errors.read_text().splitlines()[1:]]
        assert wrong == [*range(2, 1202, 100), 1202]
        progress = commit(lambda: session.scalars(sa.select(Import)).one())
        assert (progress.offset, progress.done, progress.failed) == (1201, 1188, 13)


def _row(number):
    """Return a row; every hundredth is wrong."""
    address = f"u{number}@example.com" if number % 100 else "wrong"
    return f"{address},true,,,\n"


def _addresses():
    return sorted(session.scalars(sa.select(User.email)))


def _user(address):
    return session.scalars(sa.select(User).where(User.email_canonical == address)).one()


def _hash_of(address):
    return _user(address).password_hash


def _roles_of(address):
    return _user(address).role_names
