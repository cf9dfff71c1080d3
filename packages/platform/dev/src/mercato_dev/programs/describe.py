"""Print what one distribution shows to others as JSON: the text of its ``surface.json``.

The same sources give the same text on every machine. Where a host is installed, the document has
everything; without one, it has only the metadata and the public Python.
"""

import json
import logging
import sys
import tomllib
from contextlib import redirect_stdout
from importlib.metadata import distribution, entry_points
from pathlib import Path

# An isolated Python (-I) does not search the program's folder.
sys.path.insert(0, str(Path(__file__).parent))

from surfaces.python import describe_python
from surfaces.trees import Tree


def main() -> None:
    """Describe the distribution whose folder is on the command line."""
    # griffe logs each import that it cannot follow: those of other distributions.
    logging.getLogger("griffe").setLevel(logging.ERROR)
    # Code of a feature may print when it is imported.
    with redirect_stdout(sys.stderr):
        text = describe(Path(sys.argv[1]), with_host=bool(entry_points(group="mercato.app")))
    sys.stdout.write(text)


def describe(folder: Path, *, with_host: bool) -> str:
    """Describe the distribution in *folder*, which is installed if there is a host."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    document = {
        "name": project["name"],
        "metadata": describe_metadata(project),
        "python": describe_python(folder / "src", project["name"].replace("-", "_")),
        **(describe_installed(project["name"]) if with_host else {}),
    }
    return json.dumps(document, default=sorted, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def describe_metadata(project: Tree) -> Tree:
    """Describe what installers read, except the requirements, which resolvers read."""
    return {
        "requires_python": project.get("requires-python", ""),
        "extras": sorted(project.get("optional-dependencies", {})),
        "commands": sorted([*project.get("scripts", {}), *project.get("gui-scripts", {})]),
        "plugins": {key: sorted(names) for key, names in project.get("entry-points", {}).items()},
    }


def describe_installed(name: str) -> Tree:
    """Describe the HTTP document, the tables and the manifest of an installed distribution."""
    # Without a host, there may be no kit either.
    from mercato_composition.deployment.host import load_factory  # noqa: PLC0415
    from mercato_kit.feature import ENTRY_POINT_GROUP  # noqa: PLC0415
    from surfaces.http import describe_http  # noqa: PLC0415
    from surfaces.manifest import describe_manifest  # noqa: PLC0415
    from surfaces.tables import describe_tables  # noqa: PLC0415

    # The host imports the modules of the platform, whose problems the manifest lists.
    create_app = load_factory()
    entries = distribution(name).entry_points.select(group=ENTRY_POINT_GROUP)
    try:
        features = [entry.load() for entry in entries]
        return {
            "http": describe_http(features, create_app),
            "tables": describe_tables(name.replace("-", "_"), features),
            "manifest": describe_manifest(name, features),
        }
    except Exception as error:
        error.add_note(f"{name} cannot be described. Does the host boot with it?")
        raise


if __name__ == "__main__":
    main()
