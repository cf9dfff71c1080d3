"""Pages that show mails, in development: the setting ``mailbox``."""

from pathlib import Path
from uuid import UUID

import jinja2
from flask import Response, make_response, url_for

from mercato_kit.errors import NotFound
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone
from mercato_notifications.glossary import GLOSSARY
from mercato_notifications.mailbox import find_letter, list_letters

blueprint = Blueprint(
    "notifications",
    __name__,
    description="Mails that were written, in development",
    glossary=GLOSSARY,
)

# Names of Flask's templates are shared by all features.
_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "pages"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)

_PAGE = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'"
_MAIL = "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups"


@blueprint.get("/mailbox", allow=anyone, refuses=[NotFound])
@blueprint.response(200, content_type="text/html", description="A page")
def mailbox() -> Response:
    """Show the mails, newest first"""
    return _page("list.html", letters=list_letters())


@blueprint.get("/mailbox/<uuid:letter_id>", allow=anyone)
@blueprint.response(200, content_type="text/html", description="A page")
def letter(letter_id: UUID) -> Response:
    """Show a mail"""
    return _page("letter.html", letter=find_letter(letter_id))


@blueprint.get("/mailbox/<uuid:letter_id>/html", allow=anyone)
@blueprint.response(200, content_type="text/html", description="A page")
def letter_html(letter_id: UUID) -> Response:
    """Show the HTML of a mail, as a mail program does"""
    response = make_response(find_letter(letter_id).html)
    response.headers["Content-Security-Policy"] = f"{_MAIL}; frame-ancestors 'self'"
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _page(name: str, **values: object) -> Response:
    response = make_response(_PAGES.get_template(name).render(url_for=url_for, **values))
    response.headers["Content-Security-Policy"] = _PAGE
    return response
