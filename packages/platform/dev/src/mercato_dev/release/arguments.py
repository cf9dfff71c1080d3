"""The arguments of ``nox -s release --``."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from mercato_dev.levels import Level
from mercato_dev.units import Unit, find_unit, order_units

ABOUT = """
Raise the version by what the changes need, write the changelog from the fragments, run all
sessions that check it, commit and tag. Uploads nothing.
"""
MORE = """
The needed bump is computed from the fragments in changes/, and from the difference between
surface.json (Python, metadata, HTTP, tables, manifest) and that of the last release. Fragments
must declare what no program sees: the content of events, and the behaviour of code.

Before 1.0 each change counts one place lower. A version in pyproject.toml that is high enough is
kept: write 1.0.0 to leave 0.x. The distributions of the platform are released together, with one
version. Units are released one by one, each after those that it requires.
"""


@dataclass(frozen=True)
class Wish:
    """The parsed arguments.

    Args:
        units: The units to release, in this order.
        level: The bump; None for the one that the changes need.
        is_dry_run: Whether to only print what would be done.
    """

    units: Sequence[Unit]
    level: Level | None
    is_dry_run: bool


def read_wish(words: Sequence[str]) -> Wish:
    """Parse the arguments; exit with the mistakes in them, or with the help."""
    parser = argparse.ArgumentParser(prog="nox -s release --", description=ABOUT, epilog=MORE)
    parser.add_argument(
        "units", nargs="+", type=find, metavar="name", help="a folder, e.g. orders; or platform"
    )
    parser.add_argument(
        "--bump",
        metavar="level",
        choices=[str(level) for level in Level],
        help=f"raise it by this much ({', '.join(map(str, Level))}); less than needed is refused",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only print what would be done, and why"
    )
    options = parser.parse_args(words)
    level = Level[options.bump.upper()] if options.bump else None
    return Wish(order_units(options.units), level, options.dry_run)


def find(name: str) -> Unit:
    """Find a release unit for argparse."""
    try:
        return find_unit(name)
    except LookupError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
