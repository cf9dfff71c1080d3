"""``mercato completion``: print the script that completes command lines in a shell."""

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from mercato_composition.commands.help import Command

_SHELLS = {"bash": BashComplete, "fish": FishComplete, "zsh": ZshComplete}


@click.command(
    cls=Command,
    examples=[
        "mercato completion bash >> ~/.bashrc",
        "mercato completion zsh >> ~/.zshrc",
        "mercato completion fish > ~/.config/fish/completions/mercato.fish",
    ],
)
@click.argument("shell", type=click.Choice([*_SHELLS]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes the commands and options of `mercato` in SHELL."""
    root = ctx.find_root().command
    script = _SHELLS[shell](root, {}, "mercato", "_MERCATO_COMPLETE").source()
    click.echo(script)
