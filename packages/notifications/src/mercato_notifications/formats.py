"""Amounts, dates and links in mails."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from mercato_contracts.money import EXPONENTS
from mercato_notifications.locales import LAST, fallbacks

NUMBERS = "_numbers"
"""The value of a template's context that says how numbers and dates are written."""

_BUTTON = Markup('<p class="action"><a class="button" href="{url}">{label}</a></p>')


def for_numbers(locale: str | None, chosen: str) -> Locale:
    """Return how numbers and dates are written in a mail.

    Args:
        locale: The recipient's language, which counts if the mail is in it: de-AT for de.
        chosen: The language of the template.
    """
    narrow = fallbacks(locale, chosen)[0]
    same = narrow.partition("-")[0] == chosen.partition("-")[0]
    tags = [*([narrow] if same else []), chosen, LAST]
    return next(found for found in map(_known, tags) if found is not None)


@pass_context
def money(context: Context, amount: int, currency: str) -> str:
    """Write an amount of minor units: ``1.234,50 €``."""
    value = Decimal(int(amount)).scaleb(-EXPONENTS[currency])
    return format_currency(value, currency, locale=context[NUMBERS])


@pass_context
def date(context: Context, moment: str) -> str:
    """Write the date of a moment in ISO 8601: ``27. November 2026``."""
    return format_date(datetime.fromisoformat(moment), "long", locale=context[NUMBERS])


def button(url: str, label: str) -> Markup:
    """Return a link that looks like a button, for HTML."""
    return _BUTTON.format(url=url, label=label)


def links(base: str) -> Callable[..., str]:
    """Return the function ``link(page, name=value)``, which returns an address of the shop."""

    def link(page: str, **query: str) -> str:
        return f"{base.rstrip('/')}/{page}{_query(query)}"

    return link


def _query(values: Mapping[str, Any]) -> str:
    return f"?{urlencode(values)}" if values else ""


def _known(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
