import pytest

from mercato_database.advice import effects

from .lending import ADD_YEAR, Library


class TestPlan:
    def test_shows_what_an_upgrade_would_do(self, library):
        """The plan has feature, old and new revision and statements; nothing is applied."""
        library.migration("shelf", "0002", ADD_YEAR)
        library.migration("shelf", "0003", 'op.drop_column("shelf_book", "year")', phase="contract")

        planned = library.mercato("db", "plan")

        lines = planned.stdout.splitlines()
        assert lines[:2] == [
            "shelf 0001 -> 0003 (mercato-shelf 1.0.2)",
            "  0002 expand: Step 0002.",
        ]
        assert "  0003 contract: Step 0003.; waits for --contract" in lines
        assert any("ALTER TABLE shelf_book ADD COLUMN year INTEGER" in line for line in lines)
        with library.transaction() as connection:
            version = connection.exec_driver_sql("SELECT version_num FROM shelf_alembic_version")
            assert version.scalar() == "0001"

    def test_marks_what_blocks_requests(self, library):
        """Locks are marked on PostgreSQL, updates and unknown statements on both databases."""
        library.migration(
            "shelf", "0002", "op.get_bind().execute(sa.text('SELECT 1')).scalar_one()"
        )
        library.migration("shelf", "0003", ADD_YEAR)
        library.migration("shelf", "0004", 'op.execute("UPDATE shelf_book SET year = 0")')

        lines = library.mercato("db", "plan").stdout.splitlines()

        select = lines.index("  0002 expand: Step 0002.") + 1
        assert [line.split()[0] for line in lines[select : select + 2]] == ["SELECT", "unknown"]
        kinds = [line.split()[0] for line in lines if "ADD COLUMN" in line]
        assert kinds == (["locks"] if "postgresql" in library.url else ["ALTER"])
        assert [line.split()[0] for line in lines if "UPDATE shelf_book" in line] == ["writes"]

    def test_of_an_empty_database(self, tmp_path, monkeypatch):
        """First migrations block nothing, and planning does not create the SQLite file."""
        monkeypatch.syspath_prepend(tmp_path)
        library = Library(tmp_path, f"sqlite:///{tmp_path}/absent.db")

        planned = library.mercato("db", "plan", "--sql")

        assert "shelf nothing -> 0001 (mercato-shelf 1.0.2)" in planned.stdout
        assert "locks" not in planned.stdout
        assert not (tmp_path / "absent.db").exists()

    @pytest.mark.provokes("K303")
    def test_refuses_what_an_upgrade_would_refuse(self, library):
        """Tables that are newer than their wheel, without a record of it, exit with 2."""
        library.migration("shelf", "0002", ADD_YEAR)
        library.mercato("db", "upgrade")
        (library.folder / "shelf_versions" / "0002_step.py").unlink()
        library.execute("DELETE FROM kit_ledger")

        planned, upgraded = library.mercato("db", "plan"), library.mercato("db", "upgrade")

        for result in (planned, upgraded):
            assert (result.exit_code, "error[K303]" in result.stderr) == (2, True)

    def test_prints_json(self, library):
        """`--json` has revisions, pending migrations, and rows of features that are not named."""
        library.fill()
        library.migration("shelf", "0002", ADD_YEAR)
        library.migration("shelf", "0003", 'op.drop_column("shelf_book", "year")', phase="contract")
        library.choose("shelf")

        document = library.document("db", "plan")

        (step,) = document["steps"]
        assert (step["feature"], step["release"], step["from"]) == (
            "shelf",
            "mercato-shelf 1.0.2",
            "0001",
        )
        assert step["migrations"] == [
            {"revision": "0002", "phase": "expand", "summary": "Step 0002.", "waits": False},
            {"revision": "0003", "phase": "contract", "summary": "Step 0003.", "waits": True},
        ]
        assert document["heads"]["shelf"] == "0001"
        assert document["kept"] == [{"feature": "loans", "rows": 3}]

    def test_of_nothing(self, library):
        """Without pending migrations the plan is one line that says so."""
        assert library.mercato("db", "plan").stdout == "Nothing to do: all is up to date.\n"


def kind_of(*statements, dialect="postgresql"):
    """Return the kind of the last of several statements."""
    return effects(statements, dialect)[-1].kind


class TestEffects:
    @pytest.mark.parametrize(
        ("statement", "kind"),
        [
            ("CREATE TABLE a_b (id INTEGER)", ""),
            ("CREATE TABLE a_b (id INTEGER, FOREIGN KEY(id) REFERENCES a_c (id))", "locks"),
            ("CREATE SEQUENCE a_s", ""),
            ("COMMENT ON TABLE a_b IS 'x'", ""),
            ("CREATE INDEX ix ON a_b (id)", "locks"),
            ("CREATE INDEX CONCURRENTLY ix ON a_b (id)", ""),
            ("DROP INDEX ix", "locks"),
            ("DROP TABLE a_b", "locks"),
            ("ALTER TABLE a_b ADD COLUMN c INTEGER", "locks"),
            ("ALTER TABLE a_b ADD COLUMN c UUID DEFAULT gen_random_uuid()", "rewrites"),
            ("ALTER TABLE a_b ADD COLUMN c INTEGER GENERATED ALWAYS AS IDENTITY", "rewrites"),
            ("ALTER TABLE a_b ADD COLUMN c INTEGER GENERATED ALWAYS AS (d) STORED", "rewrites"),
            ("ALTER TABLE a_b ADD COLUMN c SERIAL", "locks"),
            ("ALTER TABLE a_b ALTER COLUMN c TYPE BIGINT", "rewrites"),
            ("ALTER TABLE a_b ALTER COLUMN c SET NOT NULL", "locks"),
            ("ALTER TABLE a_b ADD CONSTRAINT k CHECK (c > 0)", "locks"),
            ("ALTER TABLE a_b ADD CONSTRAINT k UNIQUE (c)", "locks"),
            ("ALTER TABLE a_b VALIDATE CONSTRAINT k", ""),
            ("ALTER TABLE a_b DROP COLUMN c", "locks"),
            ("UPDATE a_b SET c = 1", "writes"),
            ("INSERT INTO a_b (c) VALUES (1)", "writes"),
            ("VACUUM FULL a_b", "locks"),
            ("ALTRE TABLE a_b", "unknown"),
        ],
    )
    def test_on_postgresql(self, statement, kind):
        """Each statement gets the kind that squawk's findings imply."""
        assert kind_of(statement) == kind

    def test_says_why(self):
        """The reason has the lock, what it blocks, and squawk's advice."""
        (effect,) = effects(["CREATE INDEX ix\nON a_b (id)"], "postgresql")

        lock, advice = effect.why.splitlines()
        assert lock == "SHARE lock; blocking: writes, schema changes"
        assert "updates are blocked" in advice

    def test_on_a_table_that_is_new(self):
        """A statement on a table that the same migration creates blocks nothing."""
        create = "CREATE TABLE a_b (id INTEGER)"

        assert kind_of(create, "CREATE INDEX ix ON a_b (id)") == ""
        assert kind_of(create, "CREATE INDEX ix ON a_c (id)") == "locks"

    def test_ignores_configuration(self, tmp_path, monkeypatch):
        """A .squawk.toml in the current folder cannot switch a rule off."""
        (tmp_path / ".squawk.toml").write_text('excluded_rules = ["changing-column-type"]\n')
        monkeypatch.chdir(tmp_path)

        assert kind_of("ALTER TABLE a_b ALTER COLUMN c TYPE BIGINT") == "rewrites"

    def test_on_sqlite(self):
        """On SQLite only writes and copies of tables are marked."""
        copy = "INSERT INTO _alembic_tmp_a_b (id) SELECT id FROM a_b"

        assert kind_of("ALTER TABLE a_b ADD COLUMN c", dialect="sqlite") == ""
        assert kind_of(copy, dialect="sqlite") == "rewrites"
        assert kind_of("UPDATE a_b SET c = 1", dialect="sqlite") == "writes"
