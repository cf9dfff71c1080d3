"""The app that servers run: ``flask --app mercato_host.app run``, any WSGI server."""

import sys

from flask import Flask

from mercato_composition.faults import DeploymentError
from mercato_host import create_app


def _make_or_exit() -> Flask:
    """Make the app, or print what does not fit and end with 2."""
    try:
        return create_app()
    except DeploymentError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


app = _make_or_exit()

if __name__ == "__main__":
    # Flask's own server, for a developer; `mercato serve` is for customers.
    server = app.extensions["mercato_deployment"].server
    app.run(host=server.host, port=server.port)
