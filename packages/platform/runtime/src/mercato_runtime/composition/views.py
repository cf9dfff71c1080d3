"""``/composition``, a page for each feature, and the graph as a file."""

from pathlib import Path
from typing import Any, cast

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for

from mercato_kit.errors import Forbidden, NotFound, Problem, Unauthenticated
from mercato_kit.files import private
from mercato_runtime import pages
from mercato_runtime.app import App
from mercato_runtime.composition import access
from mercato_runtime.composition.conditions import Since
from mercato_runtime.composition.graph import Graph, Picture, graph_of
from mercato_runtime.composition.report import describe
from mercato_runtime.health import current_plan
from mercato_runtime.logs import refusals
from mercato_runtime.pages.assets import read
from mercato_runtime.problems import answer_problem

blueprint = Blueprint("composition", __name__, url_prefix="/composition")

_PRIVATE = "private, no-store"


class Shown:
    """What is made once for an app: the graph, its drawing, and since when conditions hold."""

    def __init__(self) -> None:
        self.since = Since()
        self.graph: Graph | None = None
        self.picture: Picture | None = None

    def read_graph(self) -> tuple[Graph, Picture]:
        """Return the graph of the current app, and where its parts are."""
        if self.graph is None or self.picture is None:
            self.graph = graph_of(current_plan())
            self.picture = self.graph.drawn()
        return self.graph, self.picture


def init_app(app: App) -> None:
    """Add the pages to *app*."""
    app.extensions["mercato_composition"] = Shown()
    app.register_blueprint(blueprint)


@blueprint.get("")
def page() -> Response:
    """Return the composition of the deployment."""
    access.require_reader()
    graph, picture = _shown().read_graph()
    return pages.answer(
        "composition.html",
        read_composition(),
        cache=_PRIVATE,
        picture=None if graph.is_large else picture,
    )


@blueprint.get("/<name>")
def feature(name: str) -> Response:
    """Return what concerns one feature."""
    access.require_reader()
    document = _about(name, read_composition())
    graph, _ = _shown().read_graph()
    picture = graph.around(name).drawn() if name in graph.kinds else None
    return pages.answer("feature.html", document, cache=_PRIVATE, picture=picture)


@blueprint.get("/graph.svg")
def whole_graph() -> Response:
    """Return the whole graph as an image."""
    access.require_reader()
    _, picture = _shown().read_graph()
    text = render_template("mercato/graph.svg", picture=picture, is_file=True)
    response = current_app.response_class(text, mimetype="image/svg+xml")
    response.headers["Content-Security-Policy"] = pages.POLICY
    response.headers["Cache-Control"] = _PRIVATE
    return response


@blueprint.get("/link/<token>")
def enter(token: str) -> Response:
    """Take the address of ``mercato composition --link``, and show the page."""
    response = cast("Response", redirect(url_for("composition.page"), 303))
    response.headers["Cache-Control"] = _PRIVATE
    # Some programs ask with HEAD before a person opens an address.
    if request.method == "GET":
        access.spend(token)
        access.set_cookie(response)
    return response


@blueprint.errorhandler(Unauthenticated)
@blueprint.errorhandler(Forbidden)
def refuse(problem: Problem) -> Response:
    """Tell people how to get in; programs get the problem."""
    if not pages.prefers_html():
        return answer_problem(problem)
    refusals.note(problem)
    response = pages.show("refused.html", problem=problem)
    response.status_code = problem.status
    response.headers.update({**problem.headers, "Cache-Control": _PRIVATE})
    return response


def read_composition() -> dict[str, Any]:
    """Return what the page shows, as JSON values."""
    return describe(current_plan(), _shown().since)


def write_file(path: Path) -> None:
    """Write the page to a file that needs no server; only its owner may read it."""
    graph, picture = _shown().read_graph()
    text = pages.write(
        "composition.html",
        page=read_composition(),
        picture=None if graph.is_large else picture,
        css=read("mercato_runtime.pages", "page.css").decode(),
    )
    with open(path, "w", encoding="utf-8", opener=private) as file:
        file.write(text)


def _about(name: str, whole: dict[str, Any]) -> dict[str, Any]:
    """Return the part of the composition that concerns one feature.

    Raises:
        NotFound: The deployment names no such feature.
    """
    found = next((it for it in whole["features"] if it["name"] == name), None)
    if found is None:
        raise NotFound
    table = f"features.{name}"
    rows, jobs = whole["events"], whole["jobs"]
    return {
        **{key: whole[key] for key in ("title", "file", "environment", "as_of")},
        **found,
        "settings": [it for it in whole["settings"] if f"{it['table']}.".startswith(f"{table}.")],
        "events": rows and [it for it in rows if it["handler"].startswith(f"{name}.")],
        "jobs": jobs and [it for it in jobs if it["job"].startswith(f"{name}.")],
    }


def _shown() -> Shown:
    return cast("Shown", current_app.extensions["mercato_composition"])
