"""The app for WSGI servers and for ``flask --app mercato_host.app run``."""

import sys

from flask import Flask

from mercato_composition.faults import DeploymentError
from mercato_host import create_app


def make_app() -> Flask:
    """Make the app, or print the faults of the deployment and exit with 2."""
    try:
        return create_app()
    except DeploymentError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


app = make_app()

if __name__ == "__main__":
    # Flask's development server; production runs `mercato serve`.
    server = app.extensions["mercato_plan"].deployment.server
    app.run(host=server.host, port=server.port)
