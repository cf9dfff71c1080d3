"""Members that other features add to the items of an answer: ``expand=reviews``."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import marshmallow as ma
import msgspec
from flask import Request, Response

from mercato_kit.composition import current_composition
from mercato_kit.errors import FeatureDisabled, FieldError, Invalid, Problem
from mercato_kit.http.body import check_query
from mercato_kit.http.routes import Route
from mercato_kit.principals import Principal

Expansion = Any
"""One of :mod:`mercato_kit.feature`, which cannot be imported here, because it has blueprints."""

PARAMETER = "expand"
MOST = 5
"""Names in one request."""

_ANSWER = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_ID = msgspec.json.Decoder(UUID)


def choose(route: Route, request: Request, principal: Principal) -> list[Expansion]:
    """Return the expansions that a request asks for.

    Raises:
        Invalid: It asks for what the items do not have, or has more than 5 names.
        Unauthenticated: A guest asks for one that requires authentication.
        Forbidden: The principal lacks the permission of one.
        FeatureDisabled: The deployment runs without the feature of one.
    """
    names, composition = _names_in(request), current_composition()
    away = _of_items(route, composition.expansions_away)
    known = _of_items(route, composition.expansions)
    _check_names(names, own_names(route) | known.keys() | away.keys())
    chosen = [known[name] for name in dict.fromkeys(names) if name in known]
    for one in chosen:
        one.allow.check(principal)
    for name in names:
        if name in away:
            raise FeatureDisabled(feature=away[name], state="disabled")
    return chosen


@contextmanager
def without(chosen: Sequence[Expansion], request: Request) -> Iterator[None]:
    """Take the names of *chosen* out of the query of *request*, which the view reads."""
    whole, taken = request.query_string, {one.name for one in chosen}
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name != PARAMETER]
    rest = [(PARAMETER, name) for name in _names_in(request) if name not in taken]
    _set_query(request, urlencode([*pairs, *rest]).encode())
    try:
        yield
    finally:
        _set_query(request, whole)


def add(chosen: Sequence[Expansion], response: Response) -> None:
    """Add the values of *chosen* to the items of a response; each is called once for all items."""
    answer: dict[str, Any] = _ANSWER.decode(response.get_data())
    is_page = "has_more" in answer
    items = _ITEMS.decode(answer["data"]) if is_page else [answer]
    ids = [_ID.decode(item["id"]) for item in items]
    values = {one.name: _values_of(one, ids) for one in chosen}
    expanded = [
        dict(sorted({**item, "expanded": {name: values[name].get(id_) for name in values}}.items()))
        for id_, item in zip(ids, items, strict=True)
    ]
    response.set_data(msgspec.json.encode({**answer, "data": expanded} if is_page else expanded[0]))


def own_names(route: Route) -> frozenset[str]:
    """Return the names that the route itself accepts in ``expand``."""
    schemas = [*route.arguments("query"), *route.arguments("querystring")]
    return frozenset(name for schema in schemas for name in _choices_of(schema))


def _names_in(request: Request) -> list[str]:
    check_query(request)
    texts = request.args.getlist(PARAMETER)
    return ",".join(texts).split(",") if texts else []


def _of_items(route: Route, expansions: Mapping[tuple[Any, ...], Any]) -> dict[str, Any]:
    return {name: it for (*items, name), it in expansions.items() if (*items,) == route.expands}


def _check_names(names: Sequence[str], known: frozenset[str]) -> None:
    if len(names) > MOST:
        detail = f"Longer than maximum length {MOST}."
        raise Invalid(errors=[FieldError(f"/{PARAMETER}", "max_length", detail)])
    detail = f"Must be one of: {', '.join(sorted(known)) or 'none'}."
    errors = [
        FieldError(f"/{PARAMETER}/{place}", "choice", detail)
        for place, name in enumerate(names)
        if name not in known
    ]
    if errors:
        raise Invalid(errors=errors)


def _set_query(request: Request, text: bytes) -> None:
    request.query_string = text
    # Parsed when it is first asked for.
    vars(request).pop("args", None)


def _values_of(one: Expansion, ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    """Return the values of an expansion as JSON values, by id.

    Raises:
        RuntimeError: It raises a problem, which is a mistake of its feature.
    """
    if not ids:
        return {}
    try:
        found = one.batch(ids)
    except Problem as error:
        raise RuntimeError(f"the expansion {one.name!r} of {one.word} refuses") from error
    schema = _made(one.schema)
    return {id_: schema.dump(it) for id_, it in found.items() if it is not None}


@cache
def _made(schema: type[ma.Schema]) -> ma.Schema:
    return schema()


def _choices_of(schema: Any) -> Iterator[str]:
    fields = (schema() if isinstance(schema, type) else schema).fields.values()
    for field in fields:
        if field.data_key == PARAMETER or field.name == PARAMETER:
            for validator in getattr(field, "inner", field).validators:
                yield from getattr(validator, "choices", ())
