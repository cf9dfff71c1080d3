"""Format settings as lines for a terminal and as objects for JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby

from mercato_composition.report.settings import Setting


def as_object(setting: Setting) -> dict[str, object]:
    """Return a setting as a JSON object."""
    members = asdict(setting)
    del members["path"]
    return {"key": setting.key, **members}


def as_text(settings: Sequence[Setting]) -> Iterator[str]:
    """Give one line for each setting: value and origin, then type and meaning."""
    value_width = max((len(_assignment(one)) for one in settings), default=0)
    origin_width = max((len(one.origin) for one in settings), default=0)
    for table, members in groupby(settings, key=lambda one: one.path[:-1]):
        if table:
            yield f"[{'.'.join(table)}]"
        for one in members:
            description = f"{one.kind}: {one.meaning}" if one.meaning else one.kind
            yield f"{_assignment(one):{value_width}}  {one.origin:{origin_width}}  {description}"


def _assignment(setting: Setting) -> str:
    value = "-" if setting.value is None else json.dumps(setting.value, ensure_ascii=False)
    return f"{setting.path[-1]} = {value}"
