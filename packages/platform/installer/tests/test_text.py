"""Plans as an operator reads them."""

import click
import msgspec
import pytest
from click.testing import CliRunner

from mercato_installer.commands.releases import _Agreement
from mercato_installer.inside import DatabasePlan, Kept, Migration, Step
from mercato_installer.plan import Change, Numbers, Packages, Plan, Routes
from mercato_installer.text import finish_lines, lines_of

PLAN = Plan(
    deployment="/srv/shop/deployment.toml",
    environment="production",
    release=Numbers(8, 9),
    file_sha256="",
    file=(
        Change("+", "[features.vouchers]"),
        Change("~", "orders.settings.unpaid_expiry_minutes 15 -> 20"),
    ),
    packages=Packages(
        (
            Change("+", "mercato-vouchers 1.0.0"),
            Change("~", "mercato-orders 2.0.0 -> 2.1.0"),
            Change("-", "mercato-reviews 1.0.2"),
        ),
        equal=46,
        bytes=1_200_000,
    ),
    routes=Routes(tuple("abcdef"), tuple("abcd")),
    database=DatabasePlan(
        {"orders": "0004"},
        (
            Step("orders", "0004", (Migration("0005", "expand"),)),
            Step("vouchers", None, (Migration("0001", "expand"),)),
        ),
        (Kept("reviews", 18213),),
    ),
    lock="",
)

SHOWN = """\
deployment.toml (production): release 8 -> 9
  file      + [features.vouchers]   ~ orders.settings.unpaid_expiry_minutes 15 -> 20
  packages  + mercato-vouchers 1.0.0   ~ mercato-orders 2.0.0 -> 2.1.0   - mercato-reviews 1.0.2\
   (46 equal; 1.2 MB)   routes + 6 - 4
  database  orders 0004 -> 0005 expand   vouchers 0001   reviews: 18213 rows are kept
  back      `mercato rollback` will work: nothing is taken away.   Do it? [y/N] """


@click.command()
def ask():
    """Show the plan, and print the answer."""
    click.echo(_Agreement(yes=False)(PLAN))


class TestPlan:
    @pytest.mark.parametrize(("answer", "agreed"), [("y", True), ("n", False), ("", False)])
    def test_is_asked_about_on_its_last_line(self, answer, agreed):
        """Only a yes agrees."""
        asked = CliRunner().invoke(ask, input=f"{answer}\n")

        assert asked.stdout == f"{SHOWN}{answer}\n{agreed}\n"

    def test_continues_long_lines(self):
        """What does not fit on 160 characters is on lines of its own, below the first item."""
        many = tuple(Change("+", f"mercato-feature-{n} 1.0.0") for n in range(10))
        plan = msgspec.structs.replace(PLAN, packages=Packages(many, 0, 0))

        lines = [line for line in lines_of(plan) if "mercato-feature" in line]

        assert [line.count("mercato-feature") for line in lines] == [5, 5]
        assert lines[1].startswith(" " * 12 + "+ mercato-feature-5")

    def test_of_the_first_release(self):
        """The packages of a first release are counted."""
        many = tuple(Change("+", f"package-{n} 1.0") for n in range(21))
        first = msgspec.structs.replace(
            PLAN, release=Numbers(None, 1), packages=Packages(many, 0, 38_000_000), routes=None
        )

        head, _, packages, _ = lines_of(first)

        assert head == "deployment.toml (production): release 1, the first"
        assert packages == "  packages  + 21 packages   (0 equal; 38.0 MB)"


class TestFinish:
    def test_lists_what_is_removed(self):
        """Each migration has feature, revision and phase."""
        step = Step("orders", "0005", (Migration("0006", "contract", waits=True),))

        assert finish_lines("deployment.toml", "production", 9, [step]) == [
            "deployment.toml (production): finish release 9",
            "  database  orders 0006 contract",
        ]
