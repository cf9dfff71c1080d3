import click
import pytest
from click.testing import CliRunner

from mercato_composition.commands.features import commands_of
from mercato_kit import work
from mercato_kit.feature import Feature

commands = click.Group("sheets")


@commands.command("once")
def once():
    """Say whether a unit of work runs."""
    click.echo(work.is_writing())


@commands.command("stepwise")
@work.in_steps
def stepwise():
    """Say whether one runs, and in one."""
    click.echo(work.is_writing())
    click.echo(work.run(work.is_writing))


feature = Feature(name="sheets", summary="Sheets of paper.", cli=commands)


class TestCommandsOf:
    @pytest.mark.parametrize(
        ("name", "printed"), [("once", "True\n"), ("stepwise", "False\nTrue\n")]
    )
    def test_run_in_units_of_work(self, app, name, printed):
        """A command runs in one unit of work; one that is marked runs its own."""
        group = commands_of(feature, "sheets", lambda: app)

        ran = CliRunner().invoke(group, [name], catch_exceptions=False)

        assert ran.output == printed
