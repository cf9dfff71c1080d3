"""Describes what one distribution shows to others, as JSON: the text of its ``surface.json``.

The same sources give the same text on every machine. Without ``--factory``, only the metadata and
the public Python are described: the rest needs a host, and the distribution installed beside it.
"""

import argparse
import json
import logging
import sys
import tomllib
from contextlib import redirect_stdout
from importlib.metadata import distribution
from pathlib import Path
from pkgutil import resolve_name

# An isolated Python (-I) does not look for modules beside the program.
sys.path.insert(0, str(Path(__file__).parent))

from surfaces.python import describe_python
from surfaces.trees import Tree


def main() -> None:
    """Describe what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="the folder of the distribution")
    parser.add_argument("--factory", help="makes an app, e.g. mercato_host:create_app")
    parser.add_argument("--sections", help="settings of the host, by the path of their table")
    options = parser.parse_args()
    # griffe mentions each import that it cannot follow: those of other distributions.
    logging.getLogger("griffe").setLevel(logging.ERROR)
    # What the code of a feature prints is no part of the document.
    with redirect_stdout(sys.stderr):
        text = describe(options)
    sys.stdout.write(text)


def describe(options: argparse.Namespace) -> str:
    """Describe a distribution."""
    project = tomllib.loads((options.folder / "pyproject.toml").read_text())["project"]
    module = project["name"].replace("-", "_")
    document = {
        "name": project["name"],
        "metadata": describe_metadata(project),
        "python": describe_python(options.folder / "src", module),
        **(describe_installed(project["name"], options) if options.factory else {}),
    }
    return json.dumps(document, default=sorted, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def describe_metadata(project: Tree) -> Tree:
    """Describe what installers read; what is required is for resolvers."""
    return {
        "requires_python": project.get("requires-python", ""),
        "extras": sorted(project.get("optional-dependencies", {})),
        "commands": sorted([*project.get("scripts", {}), *project.get("gui-scripts", {})]),
        "plugins": {key: sorted(names) for key, names in project.get("entry-points", {}).items()},
    }


def describe_installed(name: str, options: argparse.Namespace) -> Tree:
    """Describe what a distribution shows beside a host, in the environment that we run in."""
    # A workspace without a host has no kit either.
    from mercato_kit.feature import ENTRY_POINT_GROUP  # noqa: PLC0415
    from surfaces.http import describe_http  # noqa: PLC0415
    from surfaces.manifest import describe_manifest  # noqa: PLC0415
    from surfaces.tables import describe_tables  # noqa: PLC0415

    create_app = resolve_name(options.factory)
    tables = resolve_name(options.sections) if options.sections else {}
    sections = {".".join(path): kind for path, kind in tables.items()}
    entries = distribution(name).entry_points.select(group=ENTRY_POINT_GROUP)
    try:
        features = [entry.load() for entry in entries]
        return {
            "http": describe_http(features, create_app),
            "tables": describe_tables(name.replace("-", "_"), features),
            "manifest": describe_manifest(name, features, sections),
        }
    except Exception as error:
        error.add_note(f"{name} cannot be described. Does the host boot with it?")
        raise


if __name__ == "__main__":
    main()
