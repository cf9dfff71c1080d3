"""``describe.py`` describes what a distribution shows to others."""

import json
import os
import subprocess
import sys

import pytest

from mercato_dev.distributions import PROGRAMS
from mercato_dev.surfaces.difference import compare

from .lending_library import FEATURE, install
from .orchard import ROOT, write_distribution

PROGRAM = PROGRAMS / "describe.py"
KIT = ROOT / "packages/platform/kit"
COMPOSITION = ROOT / "packages/platform/composition"
RUNTIME = ROOT / "packages/platform/runtime"
DATABASE = ROOT / "packages/platform/database"


def describe(folder, *, seed="0"):
    """Run the program for the distribution in *folder*, where it is also installed."""
    command = [sys.executable, str(PROGRAM), str(folder)]
    env = os.environ | {"PYTHONPATH": str(folder), "PYTHONHASHSEED": seed}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Return the description of the library."""
    done = describe(install(tmp_path_factory.mktemp("installed")))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class TestHttp:
    def test_has_its_operations_and_what_they_refer_to(self, library):
        """Every operation has its policy, and every component that it refers to."""
        components = library["http"]["components"]

        assert library["http"]["operations"]["POST /v1/books"]["x-permission"] == "library.write"
        assert list(components["sent"]) == ["schemas/LibraryNewBook"]
        assert {"responses/Problem", "schemas/LibraryBook", "schemas/Problem"} <= {
            *components["read"]
        }

    def test_has_what_glue_adds(self, library):
        """Routes of glue are described as if its conditions were met."""
        assert list(library["http"]["operations"]) == [
            "GET /v1/shelves/{book_id}",
            "POST /v1/books",
        ]


class TestTables:
    def test_columns_are_those_of_postgresql(self, library):
        """A column has its type on PostgreSQL, and its server default."""
        book = library["tables"]["library_book"]

        assert book[".title"] == {"type": "VARCHAR", "length": 100, "required": True}
        assert book[".state"] == {"type": "VARCHAR", "length": 20, "default": "'new'"}
        assert book[".after_id"] == {"type": "UUID", "null": {}}
        assert book[".created_at"]["type"] == "TIMESTAMP WITH TIME ZONE"
        assert book[".metadata"]["type"] == "JSONB"

    def test_laws_are_what_they_say(self, library):
        """Keys, checks and indexes are identified by their definition."""
        book = library["tables"]["library_book"]

        assert book["primary_key"] == "id"
        assert book["laws"] == {
            "UNIQUE (title)": {"required": True},
            "CHECK (state IN": {"required": True, "values": ["'new'", "'old'"]},
            "FOREIGN KEY(after_id) REFERENCES library_book (id)": {"required": True},
        }
        assert book["indexes"] == ["INDEX (state) WHERE state = 'new'"]


class TestManifest:
    def test_says_what_others_rely_on(self, library):
        """Everything in a manifest that others rely on has its name."""
        manifest = library["manifest"]

        assert manifest["features"] == ["library"]
        assert manifest["permissions"] == ["library.write"]
        assert manifest["publishes"] == ["book.added"]
        assert manifest["referents"] == ["feature.book"]
        assert manifest["refusals"] == ["409 book_lent"]
        assert manifest["hooks"] == ["sample_data of library"]
        assert manifest["excludes"] == {"bonfire": True}
        assert manifest["needs"] == {"feature": ">=2.1,<3"}
        assert manifest["uses"] == {}
        assert manifest["offers"] == {
            "feature": {"version": "1.2"},
            "feature.branch": {"version": "1.1"},
        }
        assert manifest["decorates"] == {"feature": {"version": "1.3"}}
        assert manifest["expansions"] == {
            "feature.book words": {"allow": "anyone", "public": False, "members": ["Words: Text"]}
        }
        assert manifest["jobs"]["library.sort_books"]["every_seconds"] == 60
        assert manifest["handles"]["library.tell"]["when"] == "furniture"

    def test_says_what_can_be_set(self, library):
        """A setting has its type, range and default, or is required."""
        settings = library["manifest"]["settings"]

        assert settings["library.address"]["required"] is True
        assert settings["library.copies"] == {
            "type": ["integer"],
            "minimum": 1,
            "maximum": 9,
            "required": True,
        }
        assert settings["library.days"] == {"type": ["integer"], "default": "30"}

    def test_tells_no_secret(self, library):
        """A secret has its type, and never its default."""
        assert library["manifest"]["settings"]["library.key"] == {
            "type": ["string"],
            "format": "password",
        }
        assert "under the mat" not in json.dumps(library)

    def test_says_what_can_be_typed(self, library):
        """A command has its options with their spellings, and its arguments by position."""
        commands = library["manifest"]["commands"]
        add = commands["mercato library add"]

        assert list(commands) == ["librarian", "mercato library", "mercato library add"]
        assert commands["librarian"]["--loud"]["opts"] == ["--loud", "--quiet"]
        assert list(add) == ["--kind", "--shelf", "argument 1"]
        assert add["--kind"]["opts"] == ["--kind", "-k"]
        assert add["--kind"]["type"]["choices"] == ["new", "old"]
        assert [add[name].get("required") for name in add] == [True, None, True]
        assert add["--shelf"]["multiple"] is True


class TestDescribe:
    def test_says_the_same_twice(self, tmp_path):
        """Two runs with different hash seeds print the same bytes."""
        path = install(tmp_path)

        first, second = (describe(path, seed=seed) for seed in "12")

        assert first.stdout == second.stdout != ""

    def test_says_nothing_of_this_machine(self, library):
        """The text has no path and no version."""
        text = json.dumps(library)

        assert "1.0.0" not in text
        assert str(ROOT) not in text
        assert sys.prefix not in text

    def test_a_change_is_seen_from_all_sides(self, library, tmp_path):
        """A change of the code is found in each part that shows it."""
        code = FEATURE.replace('fields = ("id", "title", "state")', 'fields = ("id", "title")')
        code = code.replace("sa.String(100)", "sa.String(50)").replace("days: int", "weeks: int")
        code = code.replace("def tell(event)", "def tell(event, loudness)")
        done = describe(install(tmp_path, code))

        after = json.loads(done.stdout)
        found = [f"{one.level} {one.path[0]} {one}" for one in compare(library, after)]
        assert "major http components > read > schemas/LibraryBook > .state is gone" in found
        assert "major tables library_book > .title > length was 100, is 50" in found
        assert "major manifest settings > library.days is gone" in found
        place = "mercato_library > .feature > .tell > (loudness)"
        assert f"major python {place} is new" in found

    def test_who_has_no_manifest_may_have_tables(self):
        """The tables of a distribution without a manifest are described."""
        described = json.loads(describe(KIT).stdout)

        assert "kit_outbox" in described["tables"]
        assert described["http"] == {}
        assert described["manifest"]["features"] == []

    def test_the_platform_has_settings_and_commands(self):
        """Settings and commands of the platform are described, and nothing of features."""
        manifest = json.loads(describe(COMPOSITION).stdout)["manifest"]
        database = json.loads(describe(DATABASE).stdout)["manifest"]

        assert "server.port" in manifest["settings"]
        assert "--deployment" in manifest["commands"]["mercato"]
        assert "--json" in manifest["commands"]["mercato check"]
        assert "mercato db upgrade" in database["commands"]
        assert not [name for name in manifest["commands"] if name.startswith("mercato users")]

    def test_the_platform_has_problems(self):
        """Problems of the platform are described, although no manifest imports them."""
        manifest = json.loads(describe(RUNTIME).stdout)["manifest"]

        assert "413 content_too_large" in manifest["refusals"]

    def test_says_what_is_not_installed(self, tmp_path):
        """A distribution that is not installed is named."""
        write_distribution(tmp_path, "bonfire")

        done = describe(tmp_path / "packages/bonfire")

        assert done.returncode == 1
        assert "No package metadata was found for mercato-bonfire" in done.stderr

    def test_says_why_the_host_does_not_boot(self, tmp_path):
        """A feature with which the host does not boot is refused with the fault."""
        code = FEATURE.replace('"/books", allow=permission("library.write")', '"/books"')

        done = describe(install(tmp_path, code))

        assert done.returncode == 1
        assert "mercato-library cannot be described" in done.stderr
        assert "the route POST /v1/books has no policy" in done.stderr

    def test_says_which_need_cannot_be_met(self, tmp_path):
        """A need with an empty range is refused."""
        done = describe(install(tmp_path, FEATURE.replace(">=2.1,<3", ">=3,<2")))

        assert done.returncode == 1
        assert "no version of feature is in >=3,<2" in done.stderr
