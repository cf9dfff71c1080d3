"""Describes what one installed distribution shows to others, as one JSON document.

``http`` is for clients, ``tables`` for databases, ``manifest`` for operators and other features.
Run with the Python of an environment that holds the distribution and the host. The real host boots
with its features alone: what they need of others is met by stand-ins, and no database is opened.
The same wheels give the same document, on every machine.
"""

import argparse
import json
import sys
from contextlib import redirect_stdout
from importlib.metadata import PackageNotFoundError
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

# An isolated Python (-I) does not look for modules beside the program.
sys.path.insert(0, str(Path(__file__).parent))

from mercato_composition.faults import DeploymentError
from mercato_kit.feature import ENTRY_POINT_GROUP
from mercato_kit.feature import Feature
from surfaces.http import describe_http
from surfaces.manifest import describe_manifest
from surfaces.tables import describe_tables


def main() -> None:
    """Describe what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("distribution", help="its name on the index, e.g. mercato-orders")
    name: str = parser.parse_args().distribution
    # Whatever the code of a feature prints is no part of the document.
    with redirect_stdout(sys.stderr):
        try:
            document = describe(name)
        except PackageNotFoundError:
            sys.exit(f"{name} is not installed here: install it beside mercato-host.")
        except DeploymentError as error:
            sys.exit(f"{name} cannot be described, as the host does not boot with it:\n{error}")
    sys.stdout.write(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def describe(name: str) -> dict[str, Any]:
    """Describe the distribution called *name*."""
    entries = distribution(name).entry_points.select(group=ENTRY_POINT_GROUP)
    features: list[Feature] = [entry.load() for entry in entries]
    return {
        "http": describe_http(features),
        "tables": describe_tables(name, features),
        "manifest": describe_manifest(name, features),
    }


if __name__ == "__main__":
    main()
