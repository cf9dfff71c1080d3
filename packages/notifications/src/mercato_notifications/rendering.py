"""A template and values become subject, text and HTML of a mail."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mercato_kit.settings import current_settings
from mercato_notifications.formats import NUMBERS, for_numbers, links
from mercato_notifications.locales import fallbacks
from mercato_notifications.settings import NotificationsSettings
from mercato_notifications.templates import current_templates


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
    environment = templates.environment()

    def part(name: str, **more: str) -> str:
        file = environment.get_template(f"{chosen}/{template}.{name}")
        return file.render({**given, **more})

    # A header is one line.
    subject = " ".join(part("subject.txt").split())
    text = f"{part('txt').strip()}\n"
    return Rendered(chosen, subject, text, part("html", subject=subject))
