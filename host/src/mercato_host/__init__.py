"""The thin host: reads a deployment file, checks that its features fit, and registers them."""

from collections.abc import Iterable
from pathlib import Path

from flask import Flask

from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_composition.features import plan as composition
from mercato_host import config
from mercato_host import extensions
from mercato_kit.feature import Feature
from mercato_runtime import guard as sql_guard
from mercato_runtime import health
from mercato_runtime import policies as routes
from mercato_runtime import problems as errors
from mercato_runtime import register as registration
from mercato_runtime import requests as web
from mercato_runtime.api import pages as docs

# What others build on; the rest of the Python is the host's own.
__all__ = ["app", "create_app", "testing"]


def create_app(
    deployment: Deployment | Path | str | None = None,
    *,
    install: bool = False,
    features: Iterable[Feature] = (),
) -> Flask:
    """Make the app of a deployment. Opens no connection to its database.

    Args:
        deployment: The deployment or its file. Default: what ``MERCATO_DEPLOYMENT`` names, else
            ``deployment.toml``.
        install: Install the named features that are missing first. Refused in production, where
            servers only verify.
        features: Manifests composed besides those of installed wheels, always on.

    Raises:
        DeploymentError: The deployment does not fit; with everything that is in the way.
    """
    if not isinstance(deployment, Deployment):
        deployment = config.read(Path(deployment) if deployment is not None else None)
    if install:
        _install(deployment)
    plan = composition.plan(deployment, features)
    if not plan.fits:
        raise DeploymentError(plan.faults)
    app = Flask(__name__, static_folder=None)
    app.config.from_object(deployment.config)
    app.config["SECRET_KEY"] = deployment.secret_key.reveal()
    app.extensions["mercato_deployment"] = deployment
    web.init_app(app, deployment)
    extensions.init_app(app, deployment)
    if deployment.sql_guard:
        sql_guard.init_app(app, plan)
    errors.init_app(app, registration.packages_of(plan))
    health.init_app(app, plan)
    api = registration.register(app, plan)
    docs.init_app(app, api, plan.features)
    routes.check_policies(app, plan)
    return app


def _install(deployment: Deployment) -> None:
    """Install what is missing. Imported late: a process that only serves never installs."""
    if deployment.environment == "production":
        what = "create_app(install=True) was asked to install into a production server."
        fix = "install before the server starts: `mercato install --here`; servers only verify"
        raise DeploymentError([Fault("K114", deployment.source.name, what, fix)])
    from mercato_installer.here import install_missing  # noqa: PLC0415

    install_missing(deployment)
