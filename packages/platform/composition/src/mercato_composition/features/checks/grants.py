"""K408, K409: a blueprint affects its own routes only."""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from inspect import unwrap
from typing import Any

from flask import Flask

from mercato_composition.faults import Fault, Outside
from mercato_composition.features.candidate import Candidate

_HOOKS: Mapping[str, str] = {
    "before_app_request": "before_request_funcs",
    "after_app_request": "after_request_funcs",
    "teardown_app_request": "teardown_request_funcs",
    "app_url_value_preprocessor": "url_value_preprocessors",
    "app_url_defaults": "url_default_functions",
    "app_context_processor": "template_context_processors",
}
"""Methods of a blueprint, and where the app keeps the functions that each of them adds."""

_SHARED = "template names are shared: of two with one name, the first is rendered for both"

_NO_PAGES = "use functions in the feature's own code; the host renders no templates"


class _ScratchApp(Flask):
    """An empty app that accepts everything of a blueprint but its routes."""

    def __init__(self) -> None:
        super().__init__(__name__, static_folder=None)
        self.template_context_processors.clear()
        for names in (self.jinja_env.filters, self.jinja_env.tests, self.jinja_env.globals):
            names.clear()

    def add_url_rule(self, *_arguments: Any, **_options: Any) -> None:
        """Ignore routes: they have checks of their own."""


def own_routes_only(feature: Candidate) -> Iterator[Fault]:
    """Check that no blueprint brings templates (K408) or hooks (K409) for the whole app."""
    for blueprint in feature.manifest.blueprints:
        app = _ScratchApp()
        try:
            # Of a copy, because Flask lets nothing be added to a registered blueprint.
            app.register_blueprint(copy(blueprint))
        except Exception as error:  # noqa: BLE001 - a callback may be wrong in any way
            what = f"its routes cannot be registered: {type(error).__name__}: {error}"
            yield feature.fault("K106", what, Outside("tell its maintainers"))
        yield from _faults(feature, app)


def _faults(feature: Candidate, app: Flask) -> Iterator[Fault]:
    for blueprint in app.blueprints.values():
        if blueprint.template_folder is not None:
            what = f"its blueprint {blueprint.name!r} has templates:\n{blueprint.template_folder}"
            yield feature.fault("K408", f"{what}\n{_SHARED}", Outside(_NO_PAGES))
    outermost = next(iter(app.blueprints))
    for method, function in _for_the_app(app):
        what = f"its blueprint {outermost!r} calls {method}()"
        place = _place(function)
        if "template" in method or "context_processor" in method:
            yield feature.fault("K408", f"{what}.\n{place}\n{_SHARED}", Outside(_NO_PAGES))
            continue
        what = f"{what}, which affects the requests of all features.\n{place}"
        fix = "raise a Problem, which the host answers"
        if "app" in method:
            own = method.replace("app_", "").replace("_app", "")
            fix += f"; or call {own}(), which affects its own requests only"
        yield feature.fault("K409", what, Outside(fix))


def _for_the_app(app: Flask) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Give what blueprints added to the whole app: the method they called, and the function."""
    for method, name in _HOOKS.items():
        yield from ((method, function) for function in getattr(app, name).get(None, ()))
    for handlers in app.error_handler_spec[None].values():
        yield from (("app_errorhandler", function) for function in handlers.values())
    for kind in ("filter", "test", "global"):
        for function in getattr(app.jinja_env, f"{kind}s").values():
            yield f"add_app_template_{kind}", function
    for blueprint in app.blueprints.values():
        for deferred in blueprint.deferred_functions:
            # Flask's own are what its other methods record.
            if not unwrap(deferred).__module__.startswith("flask."):
                yield "record", deferred


def _place(function: Callable[..., Any]) -> str:
    """Return file and line of a function; empty for one that is not written in Python."""
    code = getattr(unwrap(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else ""
