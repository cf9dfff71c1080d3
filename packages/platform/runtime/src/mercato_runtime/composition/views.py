"""``/composition``, a page for each feature, and the graph as a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import Blueprint, Response, current_app, redirect, request, url_for

from mercato_kit.errors import Forbidden, NotFound, Problem, Unauthenticated
from mercato_kit.files import private
from mercato_runtime import pages
from mercato_runtime.app import App
from mercato_runtime.composition import access
from mercato_runtime.composition.conditions import Since
from mercato_runtime.composition.report import describe
from mercato_runtime.health import current_plan
from mercato_runtime.logs import refusals
from mercato_runtime.pages.assets import read
from mercato_runtime.problems import answer_problem

if TYPE_CHECKING:
    from mercato_composition.report.diagram import Graph

blueprint = Blueprint("composition", __name__, url_prefix="/composition")

_PRIVATE = "private, no-store"


class Shown:
    """What is made once for an app: the graph, its drawing, and since when conditions hold."""

    def __init__(self) -> None:
        self.since = Since()
        self._graph: Graph | None = None
        self._drawing: str | None = None

    @property
    def graph(self) -> "Graph":
        """The graph of the current app."""
        from mercato_composition.report.diagram import graph_of  # noqa: PLC0415 - few look at it

        if self._graph is None:
            self._graph = graph_of(current_plan())
        return self._graph

    @property
    def drawing(self) -> str | None:
        """The graph as an element of a page; None if it is too large for one."""
        if self._drawing is None and not self.graph.is_large:
            self._drawing = _drawn(self.graph)
        return self._drawing


def init_app(app: App) -> None:
    """Add the pages to *app*."""
    app.extensions["mercato_composition"] = Shown()
    app.register_blueprint(blueprint)


@blueprint.get("")
def page() -> Response:
    """Return the composition of the deployment."""
    access.require_reader()
    drawing = _shown().drawing
    return pages.answer("composition.html", read_composition(), cache=_PRIVATE, drawing=drawing)


@blueprint.get("/<name>")
def feature(name: str) -> Response:
    """Return what concerns one feature."""
    access.require_reader()
    document = _about(name, read_composition())
    around = _shown().graph.around(name)
    drawing = _drawn(around) if around.arrows else None
    return pages.answer("feature.html", document, cache=_PRIVATE, drawing=drawing)


@blueprint.get("/graph.svg")
def whole_graph() -> Response:
    """Return the whole graph as an image."""
    access.require_reader()
    text = _drawn(_shown().graph, is_file=True)
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
    text = pages.write(
        "composition.html",
        page=read_composition(),
        drawing=_shown().drawing,
        css=read("mercato_runtime.pages", "page.css").decode(),
    )
    with open(path, "w", encoding="utf-8", opener=private) as file:
        file.write(text)


def _drawn(graph: "Graph", *, is_file: bool = False) -> str:
    from mercato_composition.report.svg import as_svg  # noqa: PLC0415 - few look at it

    return as_svg(graph.drawn(), is_file=is_file)


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
