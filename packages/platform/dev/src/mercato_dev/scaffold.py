"""Write a new feature from the template."""

import builtins
import keyword
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import resources
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

import copier
from packaging.version import Version

from mercato_composition.features.reserved import reserved_names
from mercato_kit.feature import ENTRY_POINT_GROUP

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
SHAPES = ("resource", "contract", "empty")
CONTRACTS = ("discounts", "payments", "shipping", "taxes")
"""Contracts for which there is a template of a provider."""

_HOME = re.compile(r"https://[^\s\"\\]+[^\s\"\\/]", re.ASCII)
_LONGEST = 34
"""Maximum length of a table's name. PostgreSQL cuts names after 63 bytes, and the names of indexes
contain columns, too."""

_TAKEN = frozenset(
    # Names of classes that the template defines or imports.
    "annotated any base blueprint buyer buyers_only catalog conflict container declarative_base "
    "erased event feature forbidden handler iterator json list list_query list_query_schema mapped "
    "mapping meta metadata model model_schema need not_found page page_request part path "
    "personal_data principal schema sequence settings stale_version subject text utc_date_time "
    "uuid variant_unavailable "
    # Names of functions and modules that it imports; a single item is a variable.
    "check_version columns current_principal current_settings dataclass datetime db erase export "
    "exported field fields found get if_match insert locked make_sample_data mapped_column op "
    "page_of paginate privacy refuse sa services session signed_in unique_key url_for "
    "utc_now".split()
)

# Words with these endings are singular.
_NO_PLURAL = ("ss", "us", "is")
_PLURALS = (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("s", ""))

_HOUSE_STYLE = (
    "--isolated",
    "--config=line-length=100",
    "--config=lint.isort.combine-as-imports=true",
    "--config=lint.isort.known-first-party=['mercato_*']",
)


class NameRefusedError(Exception):
    """A name or an option is invalid; the message says why, and what is valid."""


class ToolError(Exception):
    """A tool failed; the message has its output."""


def make_feature(
    name: str,
    into: Path,
    *,
    shape: str = "resource",
    contract: str = "discounts",
    thing: str | None = None,
    home: str | None = None,
    workspace: bool,
) -> Path:
    """Write a new feature with tests: completely, or not at all.

    Args:
        name: The name of the feature.
        into: The folder in which to make its folder.
        shape: What it has at first, one of :data:`SHAPES`.
        contract: What it answers in the shape ``contract``, one of :data:`CONTRACTS`.
        thing: The name of a single item of the shape ``resource``. Default: the singular of *name*.
        home: The https URL of its repository, for the links in its metadata. Default: no links.
        workspace: Whether it becomes a part of a workspace, which has the settings of all tools.

    Returns:
        Its folder.

    Raises:
        NameRefusedError: A name is invalid, or the folder exists.
        ToolError: ruff failed.
    """
    thing = thing or singular(name)
    _check_name(name)
    if shape == "resource":
        _check_thing(thing, name)
    if home and not _HOME.fullmatch(home):
        raise NameRefusedError(
            f"{home!r} is not a URL that starts with https:// and does not end with /."
        )
    folder = into / (name if workspace else f"mercato-{name.replace('_', '-')}")
    if folder.exists():
        raise NameRefusedError(f"{folder} exists already. Choose another name, or move it.")
    with tempfile.TemporaryDirectory(dir=into, prefix=".new-") as place:
        made = Path(place, folder.name)
        answers = {
            "name": name,
            "thing": thing,
            "home": home or "",
            "shape": shape,
            "contract": contract,
            "kit": _kit_range(),
            "workspace": workspace,
        }
        _fill_in(made, answers)
        _tidy(made)
        made.rename(folder)
    return folder


def _fill_in(folder: Path, answers: Mapping[str, Any]) -> None:
    """Render the folders of the template that make up a shape."""
    of_contract = [f"contracts/{answers['contract']}"] if answers["shape"] == "contract" else []
    with resources.as_file(resources.files("mercato_dev") / "template") as template:
        for part in ("common", answers["shape"], *of_contract):
            data = {**answers, "part": part}
            copier.run_copy(str(template), folder, data=data, defaults=True, quiet=True)


def singular(name: str) -> str:
    """Guess the singular of a name, e.g. ``category`` of ``categories``."""
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
        raise NameRefusedError(f"{owner} is installed, and has a feature called {name!r}.")


def _check_thing(thing: str, name: str) -> None:
    _check_word(thing)
    if thing in _TAKEN or hasattr(builtins, thing.title().replace("_", "")):
        raise NameRefusedError(
            f"a single item cannot be called {thing!r}: the code uses that name. "
            "Give another one with --thing."
        )
    table = f"{name}_{thing}"
    if len(table) > _LONGEST:
        raise NameRefusedError(
            f"the table {table} would have {len(table)} letters; {_LONGEST} at most, so that"
            " PostgreSQL does not cut the names of its indexes."
        )


def _check_word(word: str) -> None:
    if not _NAME.fullmatch(word) or keyword.iskeyword(word):
        raise NameRefusedError(
            f"{word!r} is not a valid name: use small letters, digits and single _, a letter first,"
            " and not a keyword of Python; for example 'gift_cards'."
        )


def _kit_range() -> str:
    """Return the versions of the kit that are compatible with the installed one."""
    kit = Version(version("mercato-kit"))
    if kit.major == 0:
        return f">=0.{kit.minor},<0.{kit.minor + 1}"
    return f">={kit.major}.{kit.minor},<{kit.major + 1}"


def _tidy(folder: Path) -> None:
    """Sort imports and break lines: both depend on the name."""
    for words in (("check", "--select=I", "--fix"), ("format",)):
        command = [sys.executable, "-m", "ruff", *words, "--quiet", "--no-cache", *_HOUSE_STYLE]
        done = subprocess.run(  # noqa: S603 - a tool of ours, on files that we wrote
            [*command, str(folder)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise ToolError(f"ruff {words[0]} failed: {done.stdout}{done.stderr}")
