"""The host of Mercato: makes a Flask app of the features that a deployment file names."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mercato_composition.deployment.draft import Draft
from mercato_composition.deployment.model import Deployment
from mercato_composition.deployment.reader import read_draft
from mercato_composition.features.plan import compose
from mercato_composition.starting import uncollected
from mercato_host import config as configuration, extensions
from mercato_kit.feature import Feature
from mercato_runtime.app import App
from mercato_runtime.register import register

__all__ = ["create_app"]


def create_app(
    deployment: Deployment | Mapping[str, Any] | Path | str | None = None,
    *,
    install: bool = False,
    features: Iterable[Feature] = (),
    config: Mapping[str, Any] | None = None,
) -> App:
    """Make the Flask app of a deployment. Opens no connection to its database.

    Args:
        deployment: The deployment, its file, or a mapping shaped like the file. Default: the file
            that ``MERCATO_DEPLOYMENT`` names, else ``deployment.toml``.
        install: Whether to install missing features first. Refused in production, where servers
            install nothing.
        features: Manifests to compose besides those of installed wheels.
        config: Flask settings that override those of the deployment.

    Raises:
        DeploymentError: The deployment has errors; with all faults.
    """
    draft = read_draft(deployment)
    if install:
        # A server installs nothing.
        from mercato_installer.here import install_missing  # noqa: PLC0415

        install_missing(draft)
    with uncollected():
        return _make_app(draft, features, config or {})


def _make_app(draft: Draft, features: Iterable[Feature], config: Mapping[str, Any]) -> App:
    plan = compose(draft, features).require_fit()
    deployment = plan.deployment
    app = App(__name__, static_folder=None)
    app.config.from_object(configuration.ENVIRONMENTS[deployment.environment])
    app.config.from_mapping(configuration.settings_of(deployment))
    app.config.from_mapping(config)
    extensions.init_app(app)
    register(app, plan)
    extensions.limit_requests(app, deployment)
    return app
