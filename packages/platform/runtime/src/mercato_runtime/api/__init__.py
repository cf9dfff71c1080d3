"""The OpenAPI document of the composed features, made with flask-smorest."""

from typing import Any

import flask_smorest
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask

from mercato_composition.features.candidate import Candidate
from mercato_kit.feature import Expansion
from mercato_kit.schemas import ProblemSchema
from mercato_runtime.api.expansions import Items
from mercato_runtime.api.names import ComponentNames, is_of_kit
from mercato_runtime.api.providers import reference_to_names


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest is untyped
    """A flask-smorest ``Api`` with the kit's problems and component names.

    It does not use flask-smorest's error handlers and pages.

    Args:
        app: The app.

    Attributes:
        contracts: Those whose providers' names schemas refer to, by the name of the component.
        expansions: Those of the registered features, with the references to their schemas.
    """

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask) -> None:
        self.names = ComponentNames()
        self.contracts: dict[str, type[Any]] = {}
        self.expansions: dict[Items, dict[str, tuple[Expansion, Any]]] = {}
        plugin = MarshmallowPlugin(schema_name_resolver=self.names)
        super().__init__(app, spec_kwargs={"marshmallow_plugin": plugin})
        refer = reference_to_names(self.names, self.contracts)
        self.ma_plugin.converter.add_attribute_function(refer)
        # flask-smorest's commands would write the document without the changes of build_document().
        app.cli.commands.pop("openapi")

    def register_feature(self, feature: Candidate) -> None:
        """Register and document the blueprints of *feature*."""
        self.names.feature = feature
        # apispec caches the name of a class, but a class used by two features has two names.
        converter = self.ma_plugin.converter
        converter.refs = {key: name for key, name in converter.refs.items() if is_of_kit(key[0])}
        for blueprint in feature.manifest.blueprints:
            self.register_blueprint(blueprint, url_prefix=feature.prefix_of(blueprint))
        for one in feature.manifest.expansions:
            reference = self.ma_plugin.resolver.resolve_schema_dict(one.schema)
            known = self.expansions.setdefault((one.contract, one.thing), {})
            known[one.name] = one, reference

    def _register_error_handlers(self) -> None:
        """Do nothing: :mod:`mercato_runtime.problems` handles errors."""
