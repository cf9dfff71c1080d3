"""The documents of commands with `--json`."""

import pytest

from mercato_composition.faults.codes import codes

from .sites import document


class TestDocuments:
    @pytest.mark.parametrize("command", ["check", "config", "explain", "features", "graph"])
    def test_are_as_their_schemas_say(self, site, command):
        """Each document names its command and is as its schema in the wheel says."""
        found = document(site.mercato(command, "--json"))

        assert (found["format"], found["command"]) == ("1.0", command)

    def test_of_a_file_that_cannot_be_read(self, site):
        """Standard output stays empty, and the faults are on standard error."""
        site.file.unlink()

        refused = site.mercato("graph", "--json")

        assert (refused.exit_code, refused.stdout, "K100" in refused.stderr) == (2, "", True)


class TestExplain:
    def test_as_a_document(self, site):
        """All codes, or the one that was asked for."""
        every = document(site.mercato("explain", "--json"))["codes"]
        one = document(site.mercato("explain", "k108", "--json"))["codes"]

        assert [it["code"] for it in every] == list(codes())
        assert one == [it for it in every if it["code"] == "K108"]


class TestFeatures:
    def test_says_what_is_installed_and_what_is_named(self, site):
        """Each installed or named feature has its release and its state."""
        site.choose("notes", "pens")

        rows = document(site.mercato("features", "--json"))["features"]

        found = {row.pop("name"): tuple(row.values()) for row in rows}
        assert found["notes"] == ("mercato-notes", "1.0", None, "enabled")
        assert found["pens"] == (None, None, None, "not installed")
        site.choose()
        lines = [line.split() for line in site.mercato("features").stdout.splitlines()]
        assert "notes mercato-notes 1.0 no level not enabled".split() in lines
