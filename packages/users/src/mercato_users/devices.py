"""Devices as their owners know them: from a User-Agent header to ``Firefox on Windows``."""

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
"""What names a browser. Most name those that they descend from, too, so the first match counts."""

_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def describe(user_agent: str | None) -> str | None:
    """Return browser and system of a User-Agent header.

    Returns:
        ``Safari on iPhone``; one of the two if the other is unknown; for programs the first
        product, such as ``curl/8.5.0``; None without a header.
    """
    if not user_agent:
        return None
    found = [name for name in (_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)) if name]
    return " on ".join(found) or user_agent.split(maxsplit=1)[0]


def _first(names: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for mark, name in names if mark in text), None)
