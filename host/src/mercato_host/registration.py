"""Step 5 of the boot: what a plan's features bring is put on a Flask app."""

import svcs
from flask import Flask

from mercato_host.docs import Api
from mercato_host.features import Plan
from mercato_kit.composition import Composition
from mercato_kit.composition import compose


def register(app: Flask, plan: Plan) -> None:
    """Register services, blueprints and commands of every feature."""
    manifests = tuple(feature.manifest for feature in plan.features)
    compose(app, Composition(manifests, plan.settings))
    for offer in plan.providers:
        svcs.flask.register_factory(app, offer.contract, offer.factory)
    api = Api(app)
    for manifest in manifests:
        for blueprint in manifest.blueprints:
            api.register_blueprint(blueprint)
        if manifest.cli is not None:
            app.cli.add_command(manifest.cli, manifest.name)
