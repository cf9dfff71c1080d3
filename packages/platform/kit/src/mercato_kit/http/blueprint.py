"""A flask-smorest blueprint in which every route states who may call it.

Order around a view, outermost first: unit of work, credentials, policy, If-Match, idempotency key;
then smorest parses the arguments, calls the view and serializes the result.
"""

from collections.abc import Callable, Collection, Mapping
from functools import cache, wraps
from typing import Any, TypeVar, cast

import flask_smorest
from flask import Request, Response
from flask_smorest.utils import unpack_tuple_response

from mercato_kit import work
from mercato_kit.contexts import get_request
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.errors import NotFound, Problem
from mercato_kit.http import etag as etags, idempotency, responses
from mercato_kit.http.body import BodyParser, refuse_query
from mercato_kit.http.documentation import document
from mercato_kit.http.expansions import PARAMETER
from mercato_kit.http.preparation import CAPTURE, run_prepared
from mercato_kit.http.remote import Remote, answer_in_two
from mercato_kit.http.routes import SAFE_METHODS, Route
from mercato_kit.identity import authenticate
from mercato_kit.policies import Policy
from mercato_kit.shown import Shown
from mercato_kit.text import is_text

View = TypeVar("View", bound=Callable[..., Any])


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest is untyped
    """A blueprint whose routes have policies, and whose API document describes them.

    Args:
        glossary: What names of properties and parameters mean, for the API document: ``status``, or
            ``Order.status`` for that of ``OrderSchema`` alone. The ``metadata`` of a field takes
            precedence.
    """

    ARGUMENTS_PARSER = BodyParser()

    def __init__(
        self, *args: Any, glossary: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.glossary = dict(glossary or {})
        self.routes: list[Route] = []

    def route(
        self,
        rule: str,
        *,
        allow: Policy | None = None,
        idempotent: bool = False,
        remote: bool = False,
        guest_scope: str | None = None,
        guest_header: str | None = None,
        unstored: Mapping[str, Callable[[Mapping[str, Any]], Any]] | None = None,
        if_match: bool = False,
        public_cache: bool = False,
        expands: tuple[type[Any], str] | None = None,
        prepare: Callable[..., Any] | None = None,
        body_bytes: int | None = None,
        refuses: Collection[type[Problem]] = (),
        methods: list[str] | None = None,
        **options: Any,
    ) -> Callable[[View], View]:
        """Register a view, and state who may call it.

        The view runs in a unit of work; one that :func:`mercato_kit.work.in_steps` marks runs its
        own.

        Args:
            rule: URL rule.
            allow: Who may call it: ``anyone``, ``signed_in`` or ``permission("…")``;
                ``person`` or ``fresh(…)`` where API keys may not; ``anyone_as_guest`` on a route
                that gives credentials. A route without it is a fault at startup.
            idempotent: Require an Idempotency-Key, and process each key once.
            remote: The view may return a :class:`mercato_kit.http.Remote`, which waits for another
                machine between two transactions. Only with ``idempotent``.
            guest_scope: The member of the body (an e-mail address) that separates guests' keys.
            guest_header: The header (a guest's secret) that separates guests' keys. Without it, a
                guest who knows a key gets the response stored under it.
            unstored: Members added to each response after it is stored under its key, by name:
                functions of the stored body. For secrets that can be derived again.
            if_match: Require If-Match; the view reads the versions with :func:`if_match`.
            public_cache: The response is the same for all callers; caches may keep it for 30 s.
            expands: What the items of the response are, in terms of a contract: a Protocol and a
                thing of its, such as ``(Catalog, "product")``. Other features may add members to
                them, which ``expand`` asks for. Only for GET.
            prepare: Work that waits for other machines. Called with the arguments of the view after
                the policy and the input were checked, and before the transaction begins. The view
                gets its value as ``prepared``: None where no remote provider is composed, unless
                :func:`mercato_kit.http.always` marks it. A view that finds it outdated raises
                :class:`mercato_kit.http.Outdated`.
            body_bytes: The largest body of a route that takes bytes, such as a webhook whose
                signature is verified; the view reads them with
                :func:`mercato_kit.http.read_bytes`. Any other body is JSON of 64 KiB at most.
            refuses: The problems that the view raises, for the API document. Those that follow
                from the other arguments are added.
            methods: HTTP methods; default GET.
            **options: Passed to werkzeug's Rule.
        """
        if expands is not None and methods not in (None, ["GET"]):
            raise ValueError(f"{rule}: only a route for GET alone expands its items")
        if remote and not (idempotent and prepare is None):
            raise ValueError(f"{rule}: remote needs idempotent, and excludes prepare")

        def decorate(view: View) -> View:
            route = Route(
                rule=rule,
                methods=tuple(methods or ["GET"]),
                endpoint=options.pop("endpoint", None) or view.__name__,
                allow=allow,
                idempotent=idempotent,
                guest_scope=guest_scope,
                guest_header=guest_header,
                unstored=unstored or {},
                if_match=if_match,
                public_cache=public_cache,
                view=view,
                refuses=tuple(refuses),
                expands=expands,
                prepare=prepare,
                body_bytes=body_bytes,
                remote=remote,
            )
            self.routes.append(route)
            self.add_url_rule(
                rule,
                route.endpoint,
                document(_endpoint(route), route),
                methods=list(route.methods),
                **options,
            )
            return view

        return decorate

    def arguments(self, schema: Any, **options: Any) -> Callable[[View], View]:
        """Parse arguments with *schema*, as in flask-smorest; keeps the type of the view."""
        return super().arguments(_object_of(schema), **options)  # type: ignore[no-any-return]

    def response(
        self, status_code: int, schema: Any = None, **options: Any
    ) -> Callable[[View], View]:
        """Serialize the response with *schema*, as in flask-smorest; keeps the type of the view.

        What a view of :mod:`mercato_kit.views` shows is the response as it is.
        """
        serialized = super().response(status_code, _object_of(schema), **options)

        def decorate(view: View) -> View:
            dump = serialized(wraps(view)(lambda result: result))

            @wraps(dump)
            def show(*args: Any, **kwargs: Any) -> Any:
                if kwargs.get("prepared") is CAPTURE:
                    del kwargs["prepared"]
                    return args, kwargs
                result = view(*args, **kwargs)
                return result.shown_by(present) if isinstance(result, Remote) else present(result)

            def present(result: Any) -> Any:
                shown, status, headers = unpack_tuple_response(result)
                if not isinstance(shown, Shown):
                    return dump(result)
                return shown, status or status_code, headers

            return cast("View", show)

        return decorate

    def get(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Register a view for GET; see :meth:`route`."""
        return self.route(rule, methods=["GET"], **options)

    def post(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Register a view for POST; see :meth:`route`."""
        return self.route(rule, methods=["POST"], **options)

    def put(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Register a view for PUT; see :meth:`route`."""
        return self.route(rule, methods=["PUT"], **options)

    def patch(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Register a view for PATCH; see :meth:`route`."""
        return self.route(rule, methods=["PATCH"], **options)

    def delete(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Register a view for DELETE; see :meth:`route`."""
        return self.route(rule, methods=["DELETE"], **options)


def _object_of(schema: Any) -> Any:
    """Return the object of a schema class: requests and routes share it."""
    return _make(schema) if isinstance(schema, type) else schema


@cache
def _make(kind: type[Any]) -> Any:
    return kind()


def _endpoint(route: Route) -> Callable[..., Response]:
    """Wrap a view in the unit of work and the checks that its route declares."""
    expands = route.expands is not None
    answer = responses.respond_expandable if expands else responses.respond
    accepted = None if route.has_query else (PARAMETER,) if expands else ()

    @wraps(route.view)
    def endpoint(**arguments: Any) -> Response:
        request = get_request()

        def check() -> None:
            _check(route, request, arguments, accepted)

        if route.remote:
            return answer_in_two(
                route,
                request,
                check,
                lambda: route.view(**arguments),
                lambda result: responses.respond_with(route, request, result),
            )

        def run(values: Mapping[str, Any]) -> Response:
            def step() -> Response:
                check()
                return _once(route, request, lambda: answer(route, request, values))

            is_safe = request.method in SAFE_METHODS
            if work.is_in_steps(route.view):
                work.run(check, read_only=True)
                return answer(route, request, values)
            return work.run(step, read_only=is_safe, safe_to_repeat=route.idempotent or is_safe)

        if route.prepare is None:
            return run(arguments)
        return run_prepared(route, arguments, check, run)

    return endpoint


def _check(
    route: Route,
    request: Request,
    arguments: Mapping[str, Any],
    accepted: tuple[str, ...] | None,
) -> None:
    """Check what a route requires of a request before its arguments are parsed.

    Args:
        route: The route.
        request: The request.
        arguments: The values in its path.
        accepted: The only parameters of a query string; None where a schema loads it.
    """
    if route.allow is None:
        raise RuntimeError(f"{route.where} has no policy")
    route.allow.check(authenticate(as_guest=route.allow.as_guest))
    _check_path(arguments)
    if accepted is not None:
        refuse_query(request, accepted)
    if route.if_match:
        etags.read_if_match()


def _once(route: Route, request: Request, respond: Callable[[], Response]) -> Response:
    """Respond, and if the route requires an Idempotency-Key, once for each key."""
    return idempotency.answer_once(route, request, respond) if route.idempotent else respond()


def _check_path(arguments: Mapping[str, Any]) -> None:
    """Answer 404 for path values that no column can hold.

    Raises:
        NotFound: A value is a number above 2^53 - 1, or text with a NUL or lone surrogate.
    """
    for value in arguments.values():
        if isinstance(value, int) and abs(value) > MAX_SAFE_INTEGER:
            raise NotFound
        if isinstance(value, str) and not is_text(value):
            raise NotFound
