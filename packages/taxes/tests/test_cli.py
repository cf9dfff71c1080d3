from functools import partial

import pytest
from click.testing import CliRunner

from mercato_taxes.cli import commands
from mercato_taxes.services import all_rates

from .factories import make_european_rates

HEADER = "country,region,tax_code,code,label,percent,reason,valid_from,valid_until\n"
GERMAN = "DE,,standard,de-standard,VAT 19 %,19,standard,2020-01-01,\n"
CANADIAN = "CA,bc,standard,bc-pst,PST 7 %,7,,2020-01-01,2030-01-01T00:00:00+01:00\n"


@pytest.fixture
def run(commit, tmp_path):
    """A function that runs a command, with the text of its file."""
    path = tmp_path / "rates.csv"

    def invoke(command, text=None, *options):
        if text is None:
            arguments = [command]
        else:
            path.write_text(text)
            arguments = [command, str(path), *options]
        return commit(partial(CliRunner().invoke, commands, arguments, catch_exceptions=False))

    return invoke


@pytest.fixture
def rates(commit):
    """A function that returns all rates as (country, region, code, ppm)."""
    return lambda: commit(
        lambda: [(rate.country, rate.region, rate.code, rate.ppm) for rate in all_rates()]
    )


class TestImport:
    def test_creates_and_changes_rates(self, run, rates, commit):
        """Rates of the file are created or changed; others stay. A second run does nothing."""
        commit(make_european_rates)
        text = HEADER + GERMAN.replace(",19,", ",16,") + CANADIAN

        first, second = (run("import", text) for _ in range(2))

        assert first.output == "1 rates created, 1 changed, 0 unchanged.\n"
        assert second.output == "0 rates created, 0 changed, 2 unchanged.\n"
        assert ("CA", "BC", "bc-pst", 70_000) in rates()
        assert ("DE", "", "de-standard", 160_000) in rates()
        assert len(rates()) == 6

    def test_only_says_what_it_would_do(self, run, rates):
        """With --dry-run nothing is written."""
        done = run("import", HEADER + GERMAN, "--dry-run")

        assert done.output == "1 rates would be created, 0 would be changed, 0 unchanged.\n"
        assert rates() == []

    def test_imports_nothing_from_a_file_with_mistakes(self, run, rates):
        """Every mistake is listed with its line, and no row is imported."""
        wrong = "DE,,books,de-reduced,VAT 7 %,seven,reduced,1.1.2020,\n"
        exempt = "DE,,gifts,de-gifts,Gifts,7,exempt,2020-01-01,2019-01-01\n"
        high = "DE,,gold,de-gold,Gold,1000.0001,,2020-01-01,\n"

        refused = run("import", HEADER + GERMAN + wrong + exempt + high)

        assert refused.exit_code == 1
        assert refused.stderr.splitlines() == [
            "Error: rates.csv:3: percent: Not a percentage, such as 19 or 5.5.",
            "rates.csv:3: valid_from: Not a valid datetime.",
            "rates.csv:4: ppm: Must be 0 where the reason is exempt.",
            "rates.csv:4: valid_until: Must be after valid_from.",
            "rates.csv:5: percent: Must be at most 1000.",
        ]
        assert rates() == []

    def test_refuses_a_rate_twice(self, run, rates):
        """Two rows of one rate contradict each other."""
        refused = run("import", HEADER + GERMAN + CANADIAN + GERMAN)

        assert refused.stderr == "Error: rates.csv:4: is the same rate as line 2\n"
        assert rates() == []

    def test_reports_its_progress(self, run):
        """Large files are reported after each thousand rates."""
        rows = [f"US,{number},standard,x,Tax,1,,2020-01-01,\n" for number in range(2_001)]

        done = run("import", HEADER + "".join(rows))

        assert done.stderr == "1000 of 2001 rates\n2000 of 2001 rates\n"
        assert done.stdout.startswith("2001 rates created")


class TestList:
    def test_prints_what_import_reads(self, run, commit):
        """The output, imported again, changes nothing."""
        commit(make_european_rates)
        run("import", HEADER + GERMAN + CANADIAN.replace(",7,", ",0.0001,"))

        listed = run("list").output

        assert GERMAN in listed
        assert (
            "CA,BC,standard,bc-pst,PST 7 %,0.0001,standard,2020-01-01,2029-12-31T23:00:00Z\n"
            in listed
        )
        assert run("import", listed).output == "0 rates created, 0 changed, 6 unchanged.\n"
