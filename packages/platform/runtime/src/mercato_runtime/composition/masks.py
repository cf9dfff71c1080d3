"""Hide in a text what may be a secret or belong to a person."""

from mercato_composition.report.settings import without_credentials
from mercato_runtime.logs.formats import without_addresses


def masked(text: str) -> str:
    """Return the first line of a text, without e-mail addresses, userinfo and query of URLs."""
    return without_addresses(without_credentials(next(iter(text.splitlines()), "")))
