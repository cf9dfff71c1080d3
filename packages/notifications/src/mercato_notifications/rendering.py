"""Render a template with values to the subject, the text and the HTML of a mail.

Babel takes long to import, so this module is imported where a mail is rendered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mercato_kit.settings import current_settings
from mercato_notifications.formats import NUMBERS, button, date, for_numbers, links, money
from mercato_notifications.locales import fallbacks
from mercato_notifications.settings import NotificationsSettings
from mercato_notifications.templates import Templates, current_templates


@dataclass(frozen=True, slots=True)
class Rendered:
    """The content of a mail, in one language."""

    locale: str
    subject: str
    text: str
    html: str


def render(template: str, locale: str | None, values: Mapping[str, Any]) -> Rendered:
    """Render a template in the first language that has all of it.

    Args:
        template: ``<feature>.<name>``.
        locale: The recipient's language.
        values: Values for the template, by name.

    Raises:
        NoTemplateError: There is no such template.
        jinja2.TemplateError: It is malformed, or names a value that is not given.
    """
    settings, templates = current_settings(NotificationsSettings), current_templates()
    chosen = templates.choose(template, fallbacks(locale, settings.locale))
    given = {
        **values,
        "shop_name": settings.shop_name,
        "link": links(settings.link_base_url),
        "locale": chosen,
        NUMBERS: for_numbers(locale, chosen),
    }
    environment = _sandbox(templates)

    def part(name: str, **more: str) -> str:
        file = environment.get_template(f"{chosen}/{template}.{name}")
        return file.render({**given, **more})

    # A header is one line.
    subject = " ".join(part("subject.txt").split())
    text = f"{part('txt').strip()}\n"
    return Rendered(chosen, subject, text, part("html", subject=subject))


def _sandbox(templates: Templates) -> jinja2.Environment:
    """Return an environment that refuses unknown names, and escapes values in HTML."""
    made = ImmutableSandboxedEnvironment(
        loader=jinja2.FunctionLoader(templates.load),
        undefined=jinja2.StrictUndefined,
        autoescape=lambda name: name is not None and name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"money": money, "date": date}
    made.globals["button"] = button
    return made
