"""What can be typed behind ``nox -s release --``."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from mercato_dev.levels import Level
from mercato_dev.units import Unit, find_unit, order_units

ABOUT = """
Raise the version by what the changes need, write the changelog from the fragments, prove the
result, commit it and tag it. Uploads nothing.
"""
MORE = """
What the changes need is found in the fragments below changes/, and by comparing surface.json
(Python, metadata, HTTP, tables, manifest) with that of the last release. The rest no program sees:
what events carry, and what the code does. That is for the fragments to say.

Before 1.0 each change counts one place lower. A version that is high enough already stays: write
1.0.0 into the pyproject.toml to leave 0.x. The platform is released as a whole: all of its
distributions get one version. What is typed is released one by one, each after what it requires.
"""


@dataclass(frozen=True)
class Wish:
    """What was typed.

    Args:
        units: What to release, in this order.
        level: How much to raise the version; by default as much as is needed.
        is_dry_run: Whether to say only what would be done.
    """

    units: Sequence[Unit]
    level: Level | None
    is_dry_run: bool


def read_wish(words: Sequence[str]) -> Wish:
    """Read what was typed. Ends the program with the mistakes in it, or with what can be typed."""
    parser = argparse.ArgumentParser(prog="nox -s release --", description=ABOUT, epilog=MORE)
    parser.add_argument(
        "units", nargs="+", type=find, metavar="name", help="a folder: orders; or platform"
    )
    parser.add_argument(
        "--bump",
        metavar="level",
        choices=[str(level) for level in Level],
        help=f"raise it by this much ({', '.join(map(str, Level))}); less than needed is refused",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say only what would be done, and why"
    )
    typed = parser.parse_args(words)
    level = Level[typed.bump.upper()] if typed.bump else None
    return Wish(order_units(typed.units), level, typed.dry_run)


def find(name: str) -> Unit:
    """Find a release unit by its name."""
    try:
        return find_unit(name)
    except LookupError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
