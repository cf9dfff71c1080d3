"""The commands for the data of a person, with three small features installed."""

import json
import zipfile
from uuid import UUID

import pytest

from .persons_site import FEATURES, Persons


@pytest.fixture
def site(tmp_path, monkeypatch, url):
    """Three features with tables, and one person."""
    monkeypatch.syspath_prepend(tmp_path)
    return Persons(tmp_path, url)


class TestExport:
    def test_writes_a_file(self, site, tmp_path):
        """The zip file is written for its owner alone; the document has what each feature gave."""
        account, file = site.add(), tmp_path / "ann.zip"

        found = site.document("data", "export", "ann@example.com", "--to", str(file))

        assert (found["status"], found["complete"], found["file"]) == ("done", True, str(file))
        assert file.stat().st_mode & 0o077 == 0
        with zipfile.ZipFile(file) as archive:
            assert set(archive.namelist()) == {"report.json", *(f"{one}.json" for one in FEATURES)}
        again = site.mercato("data", "export", str(account), "--to", str(file))
        assert (again.exit_code, "letters: done: 1 letters" in again.stdout) == (0, True)

    def test_tells_that_a_feature_failed(self, site, tmp_path):
        """While a feature fails there is no file, and the exit code is 3; a stranger is refused."""
        site.add(text="hot")
        file = tmp_path / "ann.zip"

        failed = site.mercato("data", "export", "ann@example.com", "--to", str(file))
        unknown = site.mercato("data", "export", "Ann", "--to", str(file))

        assert (failed.exit_code, file.exists()) == (3, False)
        assert "letters: failed: HotLetterError" in failed.stdout
        assert (unknown.exit_code, "nothing is known as 'Ann'" in unknown.stderr) == (64, True)


class TestErase:
    def test_tries_and_erases(self, site):
        """--dry-run changes nothing; --now erases, and says that the worker asks once more."""
        site.add()
        before = site.texts()

        tried = site.document("data", "erase", "ann@example.com", "--dry-run")
        kept = site.texts()
        erased = site.mercato("data", "erase", "ann@example.com", "--now")

        counts = {one["feature"]: one["counts"] for one in tried["would_erase"]}
        assert counts["letters"] == {"letters": 1}
        assert kept == before
        assert (erased.exit_code, site.texts()) == (3, [])
        assert erased.stdout.index("asked letters") < erased.stdout.index("asked accounts")
        assert "The worker asks what waits once more at 20" in erased.stdout

    def test_waits_and_is_listed(self, site):
        """What waits is named, with exit code 3; without --now the worker is left to erase."""
        site.add(is_open=True)

        waiting = site.document("data", "erase", "ann@example.com", "--now")
        one = site.mercato("data", "requests", waiting["id"])
        listed = site.document("data", "requests")["requests"]
        stored = site.mercato("data", "erase", "bob@example.com")

        assert waiting["status"] == "waiting"
        assert (one.exit_code, "1 left: open_parcel" in one.stdout) == (3, True)
        assert [request["id"] for request in listed] == [waiting["id"]]
        assert (stored.exit_code, "erase, scheduled" in stored.stdout) == (0, True)

    def test_is_repeated_after_a_restore(self, site, tmp_path):
        """The record has ids alone; what a backup brings back is erased again by it."""
        account = site.add()
        site.mercato("data", "erase", "ann@example.com", "--now")
        lines = site.mercato("data", "erasures", "--since", "2020-01-01").stdout
        (tmp_path / "erasures.jsonl").write_text(lines)
        restored = "UPDATE accounts_account SET email = 'ann@example.com'"
        site.execute(restored)
        site.add("bob@example.com", "Dear Ann")

        replayed = site.mercato("data", "erase", "--replay", str(tmp_path / "erasures.jsonl"))

        assert account in {UUID(json.loads(line)["ref"]) for line in lines.splitlines()}
        assert "ann" not in lines
        assert (replayed.exit_code, replayed.stdout.splitlines()[-1]) == (3, "Repeated 1 erasures.")
        assert site.texts() == ["Dear Ann", "Main Street 1", "bob@example.com"]

    @pytest.mark.parametrize(
        "options",
        [
            [],
            ["--dry-run", "--replay", "erasures.jsonl"],
            ["ann@example.com", "--dry-run", "--now"],
        ],
    )
    def test_takes_a_subject_or_a_file(self, site, tmp_path, monkeypatch, options):
        """Neither is a usage error, and so is a trial of what cannot be tried."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "erasures.jsonl").touch()

        refused = site.mercato("data", "erase", *options)

        assert refused.exit_code == 64

    def test_survives_kills_at_each_step(self, site):
        """Killed before and after each feature's commit, the erasure ends, and nothing is left."""
        account = site.add()
        site.add("bob@example.com", "Dear Ann")

        killed = site.erase_and_die(account)

        # Eight steps: two features, the accounts and the kit, and each again.
        assert killed >= 16
        assert site.texts() == ["Dear Ann", "Main Street 1", "bob@example.com"]
        (found,) = site.document("data", "requests")["requests"]
        assert (found["status"], found["complete"]) == ("done", True)
