"""A process that makes one app and prints what that cost, as JSON, in CPU milliseconds.

``booted.py installed|given|flask FOLDER DEPLOYMENT NAMES…``: the features NAMES are installed in
FOLDER. ``installed`` finds them there as servers do, ``given`` imports them first and hands them
over, and ``flask`` makes a bare Flask app with as many routes. The host also registers the feature
``products``, installed beside it, which offers the contract that the others need.
"""

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from time import process_time
from typing import Any

from flask import Blueprint, Flask

RULES = (
    ("POST", ""),
    ("GET", ""),
    ("GET", "/<uuid:gizmo_id>"),
    ("PATCH", "/<uuid:gizmo_id>"),
)


def main(how: str, folder: str, deployment: str, *names: str) -> None:
    """Make the app, and print what it cost."""
    sys.path.insert(0, folder)
    costs = measure_flask(names) if how == "flask" else measure_host(how, Path(deployment), names)
    sys.stdout.write(json.dumps(costs))


def measure_host(how: str, deployment: Path, names: Sequence[str]) -> dict[str, float]:
    """Make an app with the host, and let it write its API document."""
    # A bare Flask app is made in a process that never saw the host.
    from mercato_composition.deployment.reader import read_deployment  # noqa: PLC0415
    from mercato_host import create_app  # noqa: PLC0415

    started = process_time()
    modules = [] if how == "installed" else [_manifest_of(name) for name in names]
    imported = process_time()
    if how == "installed":
        app = create_app(deployment)
    else:
        values = {"environment": "testing", "features": {"products": {}}}
        app = create_app(read_deployment(values), features=modules)
    made = process_time()
    answer = app.test_client().get("/openapi.json")
    written = process_time()
    if answer.status_code != 200:
        raise RuntimeError(answer.text)
    return {
        "imports": (imported - started) * 1000,
        "create_app": (made - imported) * 1000,
        "document": (written - made) * 1000,
    }


def measure_flask(names: Sequence[str]) -> dict[str, float]:
    """Make a bare Flask app with a blueprint a feature."""
    started = process_time()
    app = Flask("bare")
    for name in names:
        blueprint = Blueprint(name, __name__, url_prefix=f"/v1/{name}")
        for method, rule in RULES:
            endpoint = f"{method.lower()}_{len(rule)}"
            blueprint.add_url_rule(rule, endpoint, _view, methods=[method])
        app.register_blueprint(blueprint)
    return {"create_app": (process_time() - started) * 1000}


def _manifest_of(name: str) -> Any:
    return import_module(f"mercato_{name}.feature").feature


def _view(**_arguments: Any) -> dict[str, Any]:
    return {}


if __name__ == "__main__":
    main(*sys.argv[1:])
