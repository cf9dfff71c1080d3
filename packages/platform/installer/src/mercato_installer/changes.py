"""What differs between two releases: lines of the deployment file, packages, routes."""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from mercato_composition.deployment.lock import Locked
from mercato_composition.deployment.sections import secret_names
from mercato_composition.report.settings import SECTIONS, without_credentials
from mercato_installer.inside import Route
from mercato_installer.plan import Change, Packages, Routes


def of_files(old: bytes, new: bytes) -> tuple[Change, ...]:
    """Compare two deployment files. Values that may be secrets are not shown."""
    before, after = (tomllib.loads(text.decode("utf-8-sig")) for text in (old, new))
    return _sorted(_differences(before, after, (), in_clear=_is_production(before, after)))


def of_packages(
    old: Sequence[Locked], new: Sequence[Locked], size_of: Callable[[Locked], int]
) -> Packages:
    """Compare the wheels of two locks.

    Args:
        old: The wheels of the current release.
        new: Those of the next one.
        size_of: Returns the bytes of a wheel.
    """
    before, after = ({one.name: one for one in wheels} for wheels in (old, new))
    changed = [one for one in new if _hash(before.get(one.name)) != one.sha256]
    size = sum(map(size_of, changed))
    return Packages(_sorted(_releases(before, after)), len(new) - len(changed), size)


def of_routes(old: Sequence[Route], new: Sequence[Route]) -> Routes:
    """Compare the routes of two environments."""
    before, after = ({f"{it.method} {it.route}" for it in routes} for routes in (old, new))
    return Routes(tuple(sorted(after - before)), tuple(sorted(before - after)))


def _sorted(found: Iterable[Change]) -> tuple[Change, ...]:
    """Put what is new first, and what is gone last."""
    return tuple(sorted(found, key=lambda change: "+~-".index(change.sign)))


def _releases(old: Mapping[str, Locked], new: Mapping[str, Locked]) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Change("+", new[name].release)
        elif name not in new:
            yield Change("-", old[name].release)
        elif old[name].version != new[name].version:
            yield Change("~", f"{old[name].release} -> {new[name].version}")
        elif old[name].sha256 != new[name].sha256:
            yield Change("~", f"{new[name].release}: another wheel")


def _hash(wheel: Locked | None) -> str | None:
    return wheel.sha256 if wheel else None


def _differences(
    old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str, ...], *, in_clear: bool
) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        here = (*path, key)
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _differences(before, after, here, in_clear=in_clear)
        elif key not in old:
            yield Change("+", _line(here, after, in_clear=in_clear))
        elif key not in new:
            yield Change("-", _named(here, before))
        elif before != after:
            shown = [_value(here, it, in_clear=in_clear) for it in (before, after)]
            what = f" {shown[0]} -> {shown[1]}" if all(shown) else ""
            yield Change("~", f"{_named(here, after)}{what}")


def _line(path: tuple[str, ...], value: Any, *, in_clear: bool) -> str:
    shown = _value(path, value, in_clear=in_clear)
    return f"{_named(path, value)} = {shown}" if shown else _named(path, value)


def _named(path: tuple[str, ...], value: Any) -> str:
    """Return a table as its header, and a value by its path, without ``features.`` before it."""
    dotted = ".".join(path)
    return f"[{dotted}]" if isinstance(value, Mapping) else dotted.removeprefix("features.")


def _value(path: tuple[str, ...], value: Any, *, in_clear: bool) -> str | None:
    """Return a value as it is shown; None for a table, and for what may be a secret."""
    *table, key = path
    kind = SECTIONS.get(tuple(table))
    if isinstance(value, Mapping) or (kind is not None and key in secret_names(kind)):
        return None
    # Production refuses secrets in the file. Elsewhere any text of a feature may be one.
    if path[0] == "features" and not in_clear and not isinstance(value, int | float):
        return None
    return without_credentials(value if isinstance(value, str) and value else repr(value))


def _is_production(*files: Mapping[str, Any]) -> bool:
    return all(it.get("environment", "production") == "production" for it in files)
