"""The host of Mercato: makes a Flask app of the features that a deployment file names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mercato_composition.starting import uncollected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mercato_composition.deployment.model import Deployment
    from mercato_kit.feature import Feature
    from mercato_runtime.app import App

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
    with uncollected():
        return _make_app(deployment, features, config or {}, install=install)


def _make_app(
    given: Any, features: Iterable[Feature], config: Mapping[str, Any], *, install: bool
) -> App:
    # Imported here, so that no garbage is collected meanwhile.
    from mercato_composition.deployment.reader import read_draft
    from mercato_composition.features.plan import compose
    from mercato_host import config as configuration, extensions
    from mercato_runtime.app import App
    from mercato_runtime.register import register

    draft = read_draft(given)
    if install:
        # A server installs nothing.
        from mercato_installer.here import install_missing

        install_missing(draft)
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
