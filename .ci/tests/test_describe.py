"""What ``describe.py`` says of a distribution."""

import json
import os
import subprocess
import sys

import pytest

from workspace.bumps.http import compare_http
from workspace.bumps.manifest import compare_manifests
from workspace.bumps.tables import compare_tables

from .lending_library import FEATURE
from .lending_library import install
from .orchard import ROOT

PROGRAM = ROOT / ".ci/programs/describe.py"


def describe(name, *, path="", seed="0"):
    """Run the program, with what is installed in the folder *path*, too."""
    command = [sys.executable, str(PROGRAM), name]
    env = os.environ | {"PYTHONPATH": str(path), "PYTHONHASHSEED": seed}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Return the description of the library."""
    done = describe("mercato-library", path=install(tmp_path_factory.mktemp("installed")))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class TestHttp:
    def test_has_its_operations_and_what_they_refer_to(self, library):
        """The document has every operation with its policy, and every schema in reach of them."""
        paths, components = library["http"]["paths"], library["http"]["components"]

        assert paths["/v1/books"]["post"]["x-permission"] == "library.write"
        assert {"LibraryBook", "LibraryNewBook", "Problem"} <= components["schemas"].keys()
        assert "Problem" in components["responses"]

    def test_has_what_glue_adds(self, library):
        """What is there only beside others is described as if they were there."""
        assert list(library["http"]["paths"]) == ["/v1/books", "/v1/shelves/{book_id}"]


class TestTables:
    def test_columns_are_those_of_postgresql(self, library):
        """A column has its type on PostgreSQL, and its default in the database."""
        columns = library["tables"]["library_book"]["columns"]

        assert columns["title"] == {"type": "VARCHAR(100)", "nullable": False, "default": None}
        assert columns["state"] == {"type": "VARCHAR(20)", "nullable": False, "default": "new"}
        assert columns["created_at"]["type"] == "TIMESTAMP WITH TIME ZONE"
        assert columns["metadata"]["type"] == "JSONB"

    def test_laws_have_their_names(self, library):
        """Keys, checks and indexes are told by the names that the database knows."""
        book = library["tables"]["library_book"]
        where = {"columns": ["state"], "unique": False, "where": "state = 'new'"}
        key = {"columns": ["after_id"], "to": "library_book.id", "on_delete": None}

        assert book["primary_key"] == ["id"]
        assert book["unique"] == {"uq_library_book_title": {"columns": ["title"]}}
        assert book["checks"] == {"ck_library_book_state_known": "state IN ('new', 'old')"}
        assert book["indexes"] == {"ix_library_book_state": where}
        assert book["foreign_keys"] == {"fk_library_book_after_id_library_book": key}


class TestManifest:
    def test_says_what_others_rely_on(self, library):
        """What is promised, wanted and done is there by its name."""
        manifest = library["manifest"]

        assert manifest["features"] == ["library"]
        assert manifest["permissions"] == ["library.write"]
        assert manifest["publishes"] == ["book.added"]
        assert manifest["referents"] == ["feature.book"]
        assert manifest["refusals"] == ["409 book_lent"]
        assert manifest["abilities"] == ["sample_data of library"]
        assert manifest["excludes"] == ["bonfire"]
        assert manifest["offers"] == {"feature": {"version": "1.2", "when": []}}
        assert manifest["jobs"]["library.sort_books"]["every_seconds"] == 60
        assert manifest["handles"]["library.tell"]["when"] == ["furniture"]

    def test_says_what_can_be_set(self, library):
        """A setting has its type, range and default, or must be set."""
        schema = library["manifest"]["settings"]["schema"]

        assert schema["required"] == ["library.address", "library.copies"]
        assert schema["properties"]["library.copies"] == {
            "type": "integer",
            "minimum": 1,
            "maximum": 9,
        }
        assert schema["properties"]["library.days"] == {"type": "integer", "default": 30}

    def test_tells_no_secret(self, library):
        """Of a secret only its type is told, also where it has a default."""
        secret = library["manifest"]["settings"]["schema"]["properties"]["library.key"]

        assert secret == {"type": "string", "format": "password"}
        assert "under the mat" not in json.dumps(library["manifest"]["settings"])

    def test_says_what_can_be_typed(self, library):
        """A command has a property for each spelling of an option, and each argument."""
        commands = library["manifest"]["commands"]
        kind = {"type": "string", "enum": ["old", "new"]}

        assert list(commands) == ["librarian", "mercato library", "mercato library add"]
        assert list(commands["librarian"]["properties"]) == ["--loud", "--quiet"]
        assert commands["mercato library add"]["required"] == ["--kind", "argument 1"]
        assert commands["mercato library add"]["properties"]["-k"] == kind


class TestDescribe:
    def test_says_the_same_twice(self, tmp_path):
        """Two runs give the same bytes, whatever the order that Python keeps sets in."""
        path = install(tmp_path)

        first, second = (describe("mercato-library", path=path, seed=seed) for seed in "12")

        assert first.stdout == second.stdout != ""

    def test_a_change_is_seen_from_all_sides(self, library, tmp_path):
        """What is changed in the code is found by the comparison that it concerns."""
        code = FEATURE.replace('fields = ("id", "title", "state")', 'fields = ("id", "title")')
        code = code.replace("sa.String(100)", "sa.String(50)").replace("days: int", "weeks: int")
        done = describe("mercato-library", path=install(tmp_path, code))
        after = json.loads(done.stdout)

        http = [str(one) for one in compare_http(library["http"], after["http"])]
        tables = [str(one) for one in compare_tables(library["tables"], after["tables"])]
        manifest = map(str, compare_manifests(library["manifest"], after["manifest"]))

        operations = "POST /v1/books and GET /v1/shelves/{book_id}"
        gone = f"{operations}: 201 response: field state is gone"
        assert f"major  HTTP      {gone}" in http
        assert tables == [
            "major  table     library_book: column title was VARCHAR(100), is VARCHAR(50)"
        ]
        assert "major  manifest  setting library.days is gone" in list(manifest)

    def test_who_has_no_manifest_may_have_tables(self):
        """The kit is no feature, and has tables."""
        described = json.loads(describe("mercato-kit").stdout)

        assert "kit_outbox" in described["tables"]
        assert described["http"] == {"paths": {}, "components": {}}
        assert described["manifest"]["features"] == []

    def test_the_host_has_settings_and_commands(self):
        """What operators set and type of the host is described, and nothing of a feature."""
        manifest = json.loads(describe("mercato-host").stdout)["manifest"]

        assert "server.port" in manifest["settings"]["schema"]["properties"]
        assert "--deployment" in manifest["commands"]["mercato"]["properties"]
        assert "mercato db upgrade" in manifest["commands"]

    def test_says_what_is_not_installed(self):
        """A distribution that is not there is named."""
        done = describe("mercato-bonfire")

        assert done.returncode == 1
        assert (
            done.stderr
            == "mercato-bonfire is not installed here: install it beside mercato-host.\n"
        )

    def test_says_why_the_host_does_not_boot(self, tmp_path):
        """A feature that does not fit is no feature to describe; the fault of the host is shown."""
        code = FEATURE.replace('"/books", allow=permission("library.write")', '"/books"')

        done = describe("mercato-library", path=install(tmp_path, code))

        assert done.returncode == 1
        assert "mercato-library cannot be described" in done.stderr
        assert "the route POST /v1/books states no policy" in done.stderr

    def test_says_which_need_nobody_can_meet(self, tmp_path):
        """A range of versions with nothing in it is named."""
        code = FEATURE.replace(">=2.1,<3", ">=3,<2")

        done = describe("mercato-library", path=install(tmp_path, code))

        assert done.returncode == 1
        assert "<2,>=3" in done.stderr
