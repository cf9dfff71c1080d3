"""Compare the values of a manifest with its type hints: Python itself does not."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

Misfit = tuple[str, object, str]
"""A field such as ``needs[0].versions``, its value, and what was expected."""


def misfits(value: object, hint: Any, field: str = "") -> Iterator[Misfit]:
    """Give the fields in *value* that differ from *hint*, also inside sequences and dataclasses."""
    origin = get_origin(hint)
    if origin in (Sequence, Collection) and _fits(value, hint):
        (kind,) = get_args(hint)
        for number, item in enumerate(cast("Collection[object]", value)):
            yield from misfits(item, kind, f"{field}[{number}]")
        return
    options = get_args(hint) if origin in (Union, UnionType) else (hint,)
    fitting = [option for option in options if _fits(value, option)]
    if not fitting:
        yield field, value, describe(hint)
    elif len(options) > 1 and get_origin(fitting[0]):
        yield from misfits(value, fitting[0], field)
    elif is_dataclass(made := get_origin(fitting[0]) or fitting[0]):
        for name, kind in _hints_of(cast("Any", made)).items():
            yield from misfits(getattr(value, name), kind, f"{field}.{name}".lstrip("."))


def items(values: object, kind: type[T]) -> list[T]:
    """Return the items of a manifest's field that are of type *kind*."""
    found = cast("Sequence[object]", values) if _fits(values, Sequence) else ()
    return [item for item in found if isinstance(item, kind)]


def describe(hint: Any) -> str:
    """Return a type hint as text for the author of a manifest."""
    origin, inner = get_origin(hint), get_args(hint)
    names = " or ".join(map(_name, inner))
    if origin is Literal:
        return f"one of {', '.join(inner)}"
    if origin in (Sequence, Collection):
        return f"a list of {names}"
    if origin is Mapping:
        return "a mapping of names to texts"
    if origin is type:
        return f"a subclass of {names}"
    if origin is Callable:
        return "a class or a function"
    if origin in (Union, UnionType):
        return " or ".join(map(describe, inner))
    return "None" if hint is NoneType else f"a {_name(hint)}"


def _name(hint: Any) -> str:
    if not isinstance(hint, type) or hint.__module__ == "builtins":
        return getattr(hint, "__name__", str(hint))
    return f"{hint.__module__}.{hint.__name__}"


@cache
def _hints_of(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _fits(value: object, hint: Any) -> bool:
    kind = get_origin(hint) or hint
    if kind is Any:
        return True
    if kind is Literal:
        return value in get_args(hint)
    if kind is type:
        (base,) = get_args(hint)
        any_will_do = base is Any or isinstance(base, TypeVar)
        return isinstance(value, type) and (any_will_do or issubclass(value, base))
    # A text is no sequence of texts.
    return isinstance(value, kind) and not (kind is Sequence and isinstance(value, str))
