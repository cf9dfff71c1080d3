"""Languages of mails (BCP 47), and which comes next where one has no templates."""

import re
from collections.abc import Iterator
from typing import Final

LAST: Final = "en"
"""The language that every template has."""

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def is_locale(text: str) -> bool:
    """Tell whether *text* has the form of a language tag."""
    return len(text) <= 35 and _TAG.fullmatch(text) is not None


def fallbacks(locale: str | None, of_shop: str) -> list[str]:
    """Return the languages to try: ``de-AT``, ``de``, then the shop's, then English."""
    wanted = [tag for tag in (locale, of_shop, LAST) if tag is not None and is_locale(tag)]
    return list(dict.fromkeys(one for tag in wanted for one in _from_narrow_to_wide(tag)))


def _from_narrow_to_wide(tag: str) -> Iterator[str]:
    language, *rest = tag.split("-")
    # As BCP 47 recommends: de, Latn, AT.
    parts = [language.lower(), *(it.upper() if len(it) == 2 else it.capitalize() for it in rest)]
    for count in range(len(parts), 0, -1):
        yield "-".join(parts[:count])
