from functools import partial

import click
import pytest
from click.testing import CliRunner

from mercato_shipping.cli import commands
from mercato_shipping.services import all_zones

from .factories import make_zones, zone_of

HEADER = (
    "zone,areas,method,label,tax_code,days_min,days_max,currency,from_amount,up_to_grams,amount\n"
)
GERMAN = "germany,DE,standard,Standard,,2,3,EUR,0,5000,490\n"
FREE = "germany,DE,standard,Standard,,2,3,EUR,10000,,0\n"
ISLAND = "helgoland,DE-27498,,,,,,,,,\n"
ALPS = "alps,AT FR-73,express,Express,services,,,EUR,,,1490\n"


@pytest.fixture
def write(tmp_path):
    """A function that writes a file, and returns its path."""

    def write_text(text):
        path = tmp_path / "zones.csv"
        path.write_text(text)
        return str(path)

    return write_text


@pytest.fixture
def run(commit):
    """A function that runs a command."""
    return lambda *arguments: commit(
        partial(CliRunner().invoke, commands, arguments, catch_exceptions=False)
    )


class TestImport:
    def test_creates_and_replaces_zones(self, run, write, commit):
        """Zones of the file are created or replaced; others stay. A second run does nothing."""
        commit(make_zones, zone_of("germany", "DE"), zone_of("world", "*"))
        path = write(HEADER + GERMAN + ISLAND + FREE + ALPS)

        first, second = (run("import", path) for _ in range(2))

        assert first.output == "2 zones created, 1 changed, 0 unchanged.\n"
        assert second.output == "0 zones created, 0 changed, 3 unchanged.\n"
        found = {zone.code: zone for zone in commit(all_zones)}
        assert [*found] == ["alps", "germany", "helgoland", "world"]
        assert [rate.amount for rate in found["germany"].methods[0].rates] == [490, 0]
        assert found["helgoland"].methods == []

    def test_moves_areas_between_zones(self, run, write, commit):
        """An area that one zone gives up can go to another one in the same file."""
        commit(make_zones, zone_of("a", "DE"), zone_of("b", "FR"))
        path = write(HEADER + "a,FR,,,,,,,,,\nb,DE,,,,,,,,,\n")

        assert run("import", path).output == "0 zones created, 2 changed, 0 unchanged.\n"

    def test_only_says_what_it_would_do(self, run, write, commit):
        """With --dry-run nothing is written."""
        done = run("import", write(HEADER + GERMAN), "--dry-run")

        assert done.output == "1 zones would be created, 0 would be changed, 0 unchanged.\n"
        assert commit(all_zones) == []

    def test_refuses_an_area_of_another_zone(self, write, commit):
        """An area belongs to one zone; nothing is imported."""
        commit(make_zones, zone_of("world", "*", "DE"))
        arguments = ["import", write(HEADER + ALPS + GERMAN)]

        with pytest.raises(click.ClickException, match="a zone that is not in the file has"):
            commit(partial(commands.main, arguments, standalone_mode=False))

        assert [zone.code for zone in commit(all_zones)] == ["world"]

    @pytest.mark.parametrize(
        ("rows", "mistakes"),
        [
            (
                "germany,DE XX,standard,,,2,3,EUR,0,x,490\n" + ISLAND,
                [
                    "zones.csv:2: areas: 'XX': Not an area, such as DE, DE-18 or *.",
                    "zones.csv:2: up_to_grams: Not a valid integer.",
                ],
            ),
            (
                "germany,DE,standard,,,2,3,EUR,0,,\n",
                [
                    "zones.csv:2: label: Missing for a rate.",
                    "zones.csv:2: amount: Missing for a rate.",
                ],
            ),
            (
                GERMAN + FREE.replace("DE", "AT").replace(",3,", ",4,"),
                [
                    "zones.csv:3: areas: differs from line 2",
                    "zones.csv:3: days_max: differs from line 2",
                ],
            ),
            (GERMAN + FREE + GERMAN, ["zones.csv:4: is the same rate as line 2"]),
            (ISLAND + ISLAND, ["zones.csv:3: is the same rate as line 2"]),
            (
                "germany,DE *-1,standard,Standard,,4,3,EUR,,,1\n",
                ["zones.csv:2: areas: '*-1': Not an area, such as DE, DE-18 or *."],
            ),
            (GERMAN.replace("2,3", "4,3"), ["zones.csv:2: days_max: Must not be below days_min."]),
            (
                GERMAN + ALPS.replace("AT", "DE"),
                ["zones.csv:3: areas: DE is in another zone, in line 2"],
            ),
        ],
    )
    def test_imports_nothing_from_a_file_with_mistakes(self, run, write, commit, rows, mistakes):
        """Every mistake is listed with its line, and no zone is imported."""
        refused = run("import", write(HEADER + rows))

        assert refused.exit_code == 1
        assert refused.stderr.removeprefix("Error: ").splitlines() == mistakes
        assert commit(all_zones) == []


class TestList:
    def test_prints_what_import_reads(self, run, write):
        """The output, imported again, changes nothing."""
        run("import", write(HEADER + GERMAN + FREE + ISLAND + ALPS))

        listed = run("list").output

        assert listed == HEADER + ALPS.replace(",,,1490", ",0,,1490") + GERMAN + FREE + ISLAND
        again = run("import", write(listed))
        assert again.output == "0 zones created, 0 changed, 3 unchanged.\n"
