"""How the running command was begun, so that commands in messages can be pasted."""

import shutil
import sys
from pathlib import Path

import click

_PROGRAM = "mercato"


def beginning() -> tuple[str, ...]:
    """Return program and ``--deployment`` of the running command; ``mercato`` outside of one."""
    context = click.get_current_context(silent=True)
    if context is None:
        return (_PROGRAM,)
    deployment = context.find_root().params.get("deployment")
    named = () if deployment is None else ("--deployment", str(deployment))
    return (*_program(sys.argv[0]), *named)


def _program(started: str) -> tuple[str, ...]:
    """Return the program as it was typed, from the first argument of the process."""
    name = Path(started).name
    if name == "__main__.py":
        return (sys.executable, "-m", "mercato_composition")
    if name != _PROGRAM or shutil.which(_PROGRAM) == started:
        return (_PROGRAM,)
    return (started,)
