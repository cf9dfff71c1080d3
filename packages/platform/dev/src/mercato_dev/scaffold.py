"""A new feature: the kit's template, filled in with a name and put where it belongs."""

import builtins
import importlib.util
import keyword
import re
import subprocess
import sys
import tempfile
from importlib import resources
from importlib.metadata import entry_points, version
from pathlib import Path

from packaging.version import Version

from mercato_composition.features.reserved import reserved_names
from mercato_kit.feature import ENTRY_POINT_GROUP

TOOLS = ("copier", "ruff")

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
_HOME = re.compile(r"https://[^\s\"\\]+[^\s\"\\/]", re.ASCII)
_LONGEST = 34
"""Of a table's name: PostgreSQL cuts names after 63 bytes, and an index has its columns in it."""

_TAKEN = frozenset(
    # What the template has classes of, or imports, beside the things themselves.
    "annotated any base blueprint buyer buyers_only catalog conflict declarative_base event "
    "feature forbidden handler json list list_query list_query_schema mapped mapping meta "
    "metadata model model_schema need not_found page page_request path principal schema sequence "
    "settings stale_version text utc_date_time uuid variant_unavailable".split()
)

# Words that end like this are one thing already.
_NO_PLURAL = ("ss", "us", "is")
_PLURALS = (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("s", ""))

_HOUSE_STYLE = (
    "--isolated",
    "--config=line-length=100",
    "--config=lint.isort.combine-as-imports=true",
    "--config=lint.isort.known-first-party=['mercato_*']",
)


class NameRefusedError(Exception):
    """A feature cannot be called so; the message says why, and what would do."""


class ToolError(Exception):
    """What fills in the template is not installed, or fails; the message says what to do."""


def make_feature(
    name: str, into: Path, *, thing: str | None = None, home: str | None = None, workspace: bool
) -> Path:
    """Write a new feature, complete with tests: all of it, or nothing.

    Args:
        name: What it is called.
        into: The folder to make its folder in.
        thing: What one of them is called. Default: *name* in the singular.
        home: Where its repository will be, for the links of its metadata; https. Default: no links.
        workspace: Whether it has neighbours, and settings of all tools above.

    Returns:
        Its folder.

    Raises:
        NameRefusedError: It cannot be called so, or cannot live there.
        ToolError: copier or ruff is not installed, or fails.
    """
    thing = thing or singular(name)
    _check_name(name)
    _check_thing(thing, name)
    if home and not _HOME.fullmatch(home):
        raise NameRefusedError(
            f"{home!r} is no address that begins with https:// and has no / last."
        )
    folder = into / (name if workspace else f"mercato-{name.replace('_', '-')}")
    if folder.exists():
        raise NameRefusedError(f"{folder} exists already. Take another name, or move it away.")
    _require_tools()
    with tempfile.TemporaryDirectory(dir=into, prefix=".new-") as place:
        made = Path(place, folder.name)
        answers = {"name": name, "thing": thing, "home": home or "", "kit": _kit_range()}
        _fill_in(made, {**answers, "workspace": workspace})
        _tidy(made)
        made.rename(folder)
    return folder


def singular(name: str) -> str:
    """Guess what one of them is called: ``categories`` are made of a ``category``."""
    if not name.endswith(_NO_PLURAL):
        for many, one in _PLURALS:
            if name.endswith(many):
                return name.removesuffix(many) + one
    return name


def _check_name(name: str) -> None:
    _check_word(name)
    if name in reserved_names() | {"contracts"}:
        raise NameRefusedError(f"{name!r} is reserved.")
    for entry in entry_points(group=ENTRY_POINT_GROUP, name=name):
        owner = entry.dist.name if entry.dist else entry.module
        raise NameRefusedError(f"{owner} is installed, and offers a feature called {name!r}.")


def _check_thing(thing: str, name: str) -> None:
    _check_word(thing)
    if thing in _TAKEN or hasattr(builtins, thing.title().replace("_", "")):
        raise NameRefusedError(
            f"one of them cannot be called {thing!r}: the code has something else of that name. "
            "Say what to call it with --thing."
        )
    if len(f"{name}_{thing}") > _LONGEST:
        raise NameRefusedError(
            f"the table {name}_{thing} would have {len(f'{name}_{thing}')} letters; "
            f"{_LONGEST} at most, so that its indexes have names that PostgreSQL keeps whole."
        )


def _check_word(word: str) -> None:
    if not _NAME.fullmatch(word) or keyword.iskeyword(word):
        raise NameRefusedError(
            f"{word!r} is no name for this: small letters, digits and single _ , a letter first, "
            "and no word of Python's own; for example 'gift_cards'."
        )


def _require_tools() -> None:
    missing = [tool for tool in TOOLS if importlib.util.find_spec(tool) is None]
    if missing:
        raise ToolError(f"{' and '.join(missing)} must be installed: pip install mercato-dev")


def _kit_range() -> str:
    """Return the releases of the kit that keep what this one promises."""
    kit = Version(version("mercato-kit"))
    if kit.major == 0:
        return f">=0.{kit.minor},<0.{kit.minor + 1}"
    return f">={kit.major}.{kit.minor},<{kit.major + 1}"


def _fill_in(folder: Path, answers: dict[str, str | bool]) -> None:
    import copier  # noqa: PLC0415 - of the extra `new`

    with resources.as_file(resources.files("mercato_dev") / "template") as template:
        copier.run_copy(str(template), folder, data=answers, defaults=True, quiet=True)


def _tidy(folder: Path) -> None:
    """Sort imports and break lines: both depend on the name."""
    for words in (("check", "--select=I", "--fix"), ("format",)):
        command = [sys.executable, "-m", "ruff", *words, "--quiet", "--no-cache", *_HOUSE_STYLE]
        done = subprocess.run(  # noqa: S603 - a tool of ours, on what we wrote
            [*command, str(folder)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise ToolError(f"ruff {words[0]} failed: {done.stdout}{done.stderr}")
