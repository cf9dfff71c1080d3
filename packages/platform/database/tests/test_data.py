import json
import os

import pytest

from mercato_database.holdings import holdings
from mercato_database.runner import migration_engine

from .killing import killed_at
from .lending import Library

WORD = "lending_words.book"
GONE = "00000000-0000-0000-0000-000000000004"


@pytest.fixture
def library(library):
    """A library with tables and rows."""
    library.fill()
    return library


class TestLedger:
    def test_lists_features(self, library):
        """`mercato data` lists each feature with its wheel, schema and number of rows."""
        listed = library.mercato("data")

        assert "loans: mercato-loans 2.0, schema 0001, 1 tables, 3 rows" in listed.stdout
        assert "shelf: mercato-shelf 1.0.2, schema 0001, 2 tables, 3 rows" in listed.stdout

    def test_lists_as_a_document(self, library):
        """`mercato data --json` has the same facts; the option belongs behind a subcommand."""
        library.choose("loans")

        rows = {row["feature"]: row for row in library.document("data")["features"]}
        refused = library.mercato("data", "--json", "show", "shelf")

        shelf = rows["shelf"]
        assert (shelf["distribution"], shelf["version"], shelf["schema"]) == (
            "mercato-shelf",
            "1.0.2",
            "0001",
        )
        assert (shelf["tables"], shelf["rows"], shelf["exists"]) == (2, 3, True)
        assert (shelf["named"], rows["loans"]["named"]) == (False, True)
        assert (refused.exit_code, "behind show" in refused.stderr) == (64, True)

    @pytest.mark.provokes("K301")
    def test_remembers_a_wheel_that_is_gone(self, library):
        """After a feature is uninstalled, the ledger still names the wheel that made its tables."""
        for file in library.folder.glob("mercato_shelf*"):
            for part in file.iterdir() if file.is_dir() else ():
                part.unlink()
            file.rmdir() if file.is_dir() else file.unlink()
        library.choose("loans")

        listed, checked = library.mercato("data"), library.mercato("check")

        assert "3 rows; this deployment does not name it" in listed.stdout
        head, what, fix = checked.stdout.splitlines()[:3]
        assert (checked.exit_code, head) == (0, "warning[K301] database")
        assert what == (
            "    it holds data of 'shelf' (mercato-shelf 1.0.2, schema 0001, 3 rows), "
            "a feature that this deployment does not name."
        )
        assert fix == (
            "    fix: none needed; the data is kept unchanged. `mercato data show shelf` | "
            "`mercato data archive shelf` | `mercato data purge shelf`"
        )
        assert library.mercato("db", "upgrade").exit_code == 0

    def test_finds_tables_without_an_entry(self, library):
        """Without a ledger entry, data is found by its version table and its table names."""
        library.execute("DELETE FROM kit_ledger")

        with migration_engine(library.url) as engine, engine.connect() as connection:
            found = holdings(connection)["shelf"]

        assert (found.entry, found.head) == (None, "0001")
        assert found.tables == ("shelf_book", "shelf_page")

    def test_keeps_features_apart_whose_names_begin_alike(self, library):
        """A table belongs to the feature with the longest matching name."""
        library.execute(
            "DELETE FROM kit_ledger",
            "CREATE TABLE shelf_signs_alembic_version (version_num VARCHAR(32))",
            "CREATE TABLE shelf_signs_sign (id INTEGER)",
        )

        with migration_engine(library.url) as engine, engine.connect() as connection:
            found = holdings(connection)

        assert found["shelf_signs"].tables == ("shelf_signs_sign",)
        assert found["shelf"].tables == ("shelf_book", "shelf_page")

    def test_leaves_virtual_tables_out(self, library):
        """An index that SQLite keeps as a virtual table counts as no table of the feature."""
        if library.url.startswith("sqlite"):
            library.execute("CREATE VIRTUAL TABLE shelf_index USING fts5 (words)")
        library.execute("DELETE FROM kit_ledger")

        with migration_engine(library.url) as engine, engine.connect() as connection:
            found = holdings(connection)["shelf"]

        assert found.tables == ("shelf_book", "shelf_page")

    def test_shows_one(self, library):
        """`mercato data show` shows tables, rows, known wheels and references to the feature."""
        shown = library.mercato("data", "show", "shelf").stdout

        for line in (
            "schema 0001 (expand): since 1.0.2",
            "shelf_book: 2 rows",
            "refers to it in 1 row",
        ):
            assert line in shown

    def test_shows_one_as_a_document(self, library):
        """`mercato data show --json` has rows by table, revisions, and what prevents a purge."""
        found = library.document("data", "show", "shelf")

        assert found["rows"] == {"shelf_book": 2, "shelf_page": 1}
        assert found["revisions"] == [{"revision": "0001", "phase": "expand", "since": "1.0.2"}]
        assert any("refers to it" in reason for reason in found["purge_refused"])

    def test_refuses_an_unknown_name(self, library):
        """The error for an unknown feature lists the features with data."""
        unknown = library.mercato("data", "show", "shelves")

        assert unknown.exit_code == 64
        assert "Features with data: loans, shelf" in unknown.stderr

    def test_creates_no_database(self, tmp_path, monkeypatch):
        """Looking at an absent SQLite database does not create its file."""
        monkeypatch.syspath_prepend(tmp_path)
        library = Library(tmp_path, f"sqlite:///{tmp_path}/absent.db")

        listed, checked = library.mercato("data"), library.mercato("check")

        assert listed.stdout == "No data.\n"
        assert "error[K302] mercato-shelf 1.0.2 ('shelf')" in checked.stderr
        assert not (tmp_path / "absent.db").exists()


class TestArchive:
    def test_writes_every_row(self, library):
        """The file has a description, a line for each row, and the number of rows."""
        file = library.folder / "shelf.jsonl"

        archived = library.mercato("data", "archive", "shelf", "--to", str(file))

        assert archived.exit_code == 0
        head, *rows, end = [json.loads(line) for line in file.read_text().splitlines()]
        assert (head["feature"], head["version"], head["schema"]) == ("shelf", "1.0.2", "0001")
        assert head["tables"].keys() == {"shelf_book", "shelf_page"}
        assert sorted(row["row"].get("title", "-") for row in rows) == ["", "-", "Emma"]
        assert end == {"rows": {"shelf_book": 2, "shelf_page": 1}}

    def test_is_for_its_owner(self, library):
        """An archive has the mode 0600 under any umask: it holds the data of people."""
        file = library.folder / "shelf.jsonl"
        before = os.umask(0)
        try:
            library.mercato("data", "archive", "shelf", "--to", str(file))
        finally:
            os.umask(before)

        assert file.stat().st_mode & 0o777 == 0o600

    def test_overwrites_nothing(self, library):
        """An existing file is not changed, and no partial file is left."""
        file = library.folder / "shelf.jsonl"
        file.write_text("old")

        refused = library.mercato("data", "archive", "shelf", "--to", str(file))

        assert (refused.exit_code, file.read_text()) == (1, "old")
        assert not list(library.folder.glob("*.part"))


class TestPurge:
    @pytest.mark.provokes("K311")
    def test_is_refused_while_named(self, library):
        """A feature that the deployment names cannot be purged, even with --confirm."""
        refused = library.mercato("data", "purge", "loans", "--confirm", "loans")

        assert refused.exit_code == 2
        assert "error[K311] data of 'loans'" in refused.stderr
        assert "remove [features.loans] first" in refused.stderr
        assert "loans_loan" in library.tables()

    @pytest.mark.provokes("K311")
    def test_is_refused_while_others_refer_to_it(self, library):
        """Rows of another feature that refer to the data block the purge, and are counted."""
        library.choose("loans")

        refused = library.mercato("data", "purge", "shelf", "--confirm", "shelf", "--let-dangle")

        assert refused.exit_code == 2
        assert "loans_loan.book_id refers to it in 1 row" in refused.stderr
        assert "rows: shelf_book 2, shelf_page 1" in refused.stderr
        fix = "remove these obstacles; to keep a copy first: mercato data archive shelf"
        assert f"fix: {fix}" in refused.stderr
        assert "shelf_book" in library.tables()

    def test_is_refused_when_the_referring_feature_is_gone_too(self, library):
        """The ledger still has the references of a feature that is no longer installed."""
        library.choose()

        refused = library.mercato("data", "purge", "shelf", "--confirm", "shelf")

        assert "loans_loan.book_id refers to it in 1 row" in refused.stderr

    def test_may_leave_rows_that_hold_all_they_need(self, tmp_path, monkeypatch, url):
        """--let-dangle allows references whose policy is `keeps_snapshot`."""
        monkeypatch.syspath_prepend(tmp_path)
        library = Library(tmp_path, url, policy="keeps_snapshot")
        library.mercato("db", "upgrade")
        library.fill()
        library.choose("loans")

        refused = library.mercato("data", "purge", "shelf", "--confirm", "shelf")
        purged = library.mercato("data", "purge", "shelf", "--confirm", "shelf", "--let-dangle")

        assert (refused.exit_code, "--let-dangle allows it" in refused.stderr) == (2, True)
        assert (purged.exit_code, library.tables()) == (
            0,
            ["loans_alembic_version", "loans_loan"],
        )

    @pytest.mark.provokes("K311")
    def test_is_refused_while_events_wait(self, library):
        """Waiting deliveries of its handlers block the purge; --drop-events deletes them."""
        library.choose("shelf")
        park = (
            "INSERT INTO kit_inbox (consumer, event_id, attempts, next_attempt_at) VALUES"
            " ('{}', '00000000000000000000000000000001', 0, '2026-01-01T00:00:00.000000Z')"
        )
        library.execute(park.format("loans.remind"), park.format("loanshark.x"))

        refused = library.mercato("data", "purge", "loans", "--confirm", "loans")
        purged = library.mercato("data", "purge", "loans", "--confirm", "loans", "--drop-events")

        assert (refused.exit_code, "wait for its handlers: 1" in refused.stderr) == (2, True)
        assert purged.exit_code == 0
        assert library.execute("SELECT consumer FROM kit_inbox") == [("loanshark.x",)]

    def test_asks_for_the_name(self, library):
        """Without --confirm the name must be typed; another answer purges nothing."""
        library.choose("shelf")

        mistyped = library.mercato("data", "purge", "loans", answer="yes\n")
        typed = library.mercato("data", "purge", "loans", answer="loans\n")

        assert (mistyped.exit_code, "loans_loan: 3 rows" in mistyped.stdout) == (64, True)
        assert "nothing was purged" in mistyped.stderr
        assert (typed.exit_code, "loans is purged." in typed.stdout) == (0, True)
        assert library.tables() == ["shelf_alembic_version", "shelf_book", "shelf_page"]

    def test_is_remembered(self, library):
        """The ledger keeps the time of a purge; afterwards an upgrade creates empty tables."""
        library.choose("shelf")
        library.mercato("data", "purge", "loans", "--confirm", "loans")

        listed, again = library.mercato("data"), library.mercato("data", "purge", "loans")

        assert "loans: mercato-loans 2.0, schema 0001, purged 20" in listed.stdout
        assert again.stdout == "There is no data of loans.\n"
        library.choose("shelf", "loans")
        assert library.mercato("db", "upgrade").exit_code == 0
        assert "1 tables, 0 rows" in library.mercato("data").stdout

    def test_drops_virtual_tables(self, library):
        """The virtual tables that SQLite has as indexes of a feature are dropped with it."""
        library.choose("shelf")
        if library.url.startswith("sqlite"):
            library.execute("CREATE VIRTUAL TABLE loans_index USING fts5 (words)")

        purged = library.mercato("data", "purge", "loans", "--confirm", "loans")

        assert purged.exit_code == 0, purged.stderr
        assert library.tables() == ["shelf_alembic_version", "shelf_book", "shelf_page"]

    @pytest.mark.parametrize(
        "statement", ["DROP TABLE", "DELETE FROM kit_inbox", "UPDATE kit_ledger"]
    )
    def test_killed_in_the_middle_loses_nothing(self, library, statement):
        """After SIGKILL during a purge all rows are there, and the same command purges them."""
        library.choose("shelf")
        command = ("data", "purge", "loans", "--confirm", "loans")

        killed_at(library, statement, *command)

        assert library.execute("SELECT count(*) FROM loans_loan") == [(3,)]
        assert library.mercato(*command).exit_code == 0
        assert "loans_loan" not in library.tables()
        assert library.execute("SELECT count(*) FROM shelf_book") == [(2,)]


class TestDoctor:
    @pytest.mark.provokes("K310")
    def test_finds_dangling_references(self, library):
        """The report has column, count, samples and policy, and what the features' checks find."""
        found = library.mercato("doctor")

        assert found.exit_code == 2
        assert found.stdout.splitlines() == [
            "error[K310] data of 'loans'",
            f"    loans_loan.book_id: 1 row has ids of {WORD} that are missing from shelf_book.id.",
            f"    for example: {GONE}",
            "    policy needs_target: the row is meaningless without the referenced row",
            "    fix: restore the missing rows of 'shelf', or delete these rows",
            "shelf: titles: 1 books have no title",
            "Checked 1 references, and ran 1 checks.",
        ]

    def test_reports_as_a_document(self, library):
        """`mercato doctor --json` has the faults, and what the checks of features answer."""
        found = library.document("doctor")

        assert [fault["code"] for fault in found["faults"]] == ["K310"]
        answer = {"feature": "shelf", "check": "titles", "answer": "1 books have no title"}
        assert (found["references"], found["checks"], found["answers"]) == (1, 1, [answer])

    def test_of_sound_data(self, library):
        """Without dangling references and failing checks it exits with 0."""
        library.execute(
            "DELETE FROM loans_loan WHERE book_id IS NOT NULL", "UPDATE shelf_book SET title = 'x'"
        )

        assert library.mercato("doctor").exit_code == 0

    def test_lets_rows_outlive_what_they_name(self, tmp_path, monkeypatch, url):
        """A dangling reference with the policy `keeps_snapshot` is a warning; it exits with 0."""
        monkeypatch.syspath_prepend(tmp_path)
        library = Library(tmp_path, url, policy="keeps_snapshot")
        library.mercato("db", "upgrade")
        library.fill()
        library.execute("UPDATE shelf_book SET title = 'x'")

        found = library.mercato("doctor")

        assert (found.exit_code, "warning[K310]" in found.stdout) == (0, True)
