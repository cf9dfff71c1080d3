"""The Flask app of a deployment: the platform's work of a request is done in one pass."""

import re
from collections.abc import Callable, Iterable
from inspect import CO_COROUTINE
from typing import TYPE_CHECKING, Any, NoReturn, cast

import flask
from flask import Flask, Request
from flask.ctx import RequestContext
from flask.globals import request_ctx
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter

from mercato_kit.contexts import get_request
from mercato_kit.http.headers import names_in

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from flask.typing import ResponseReturnValue

BeforeHook = Callable[[Request], None]
AfterHook = Callable[[Request, flask.Response], None]
Answer = Callable[[Request, Callable[[], flask.Response]], flask.Response | None]

# The object behind the proxy, which would look it up for each attribute.
_get_context = cast(
    "Callable[[], RequestContext]",
    request_ctx._get_current_object,  # type: ignore[attr-defined]  # noqa: SLF001
)

_COMPLETED = frozenset({"location", "content-location"})
"""Headers whose URLs werkzeug rewrites when it sends them."""

# A path of characters that no URL escapes; "//" would begin a host.
_PLAIN_PATH = re.compile(r"(?!//)/[A-Za-z0-9_./-]*", re.ASCII)


class NoSession(NullSession):
    """The session of every request: empty, and it cannot be changed."""

    def _fail(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise RuntimeError(
            "There is no session: clients send tokens. An extension that needs one sets "
            "app.session_interface = flask.sessions.SecureCookieSessionInterface()."
        )

    __setitem__ = __delitem__ = clear = pop = popitem = update = setdefault = _fail


class NoSessions(SessionInterface):
    """Opens no session and reads no cookie."""

    _session = NoSession()

    def open_session(self, app: Flask, request: Request) -> NoSession:
        """Return the session of every request."""
        return self._session


class Response(flask.Response):
    """A response that is sent as it is where werkzeug would only copy it."""

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Send the response."""
        if not self._is_ready(environ["REQUEST_METHOD"]):
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        return self.response  # type: ignore[return-value]

    def _is_ready(self, method: str) -> bool:
        """Tell whether nothing is left to do: a list of bytes with its length, no URL to write."""
        has_body = self.status_code >= 200 and self.status_code not in (204, 304)
        if not has_body or method == "HEAD" or self._on_close or type(self.response) is not list:
            return False
        names = names_in(self.headers)
        return (
            "content-length" in names
            and (names.isdisjoint(_COMPLETED) or self._are_plain(names & _COMPLETED))
            and all(type(part) is bytes for part in self.response)
        )

    def _are_plain(self, names: set[str]) -> bool:
        """Tell whether werkzeug would send the URLs in these headers as they are."""
        if self.autocorrect_location_header:
            return False
        return all(_PLAIN_PATH.fullmatch(self.headers[name]) for name in names)


class App(Flask):
    """A Flask app for :func:`mercato_runtime.register.register`.

    It does what Flask does, with hooks, signals and extensions, at a lower cost. Each method that
    it overrides is one that Flask documents for that purpose, and leaves to Flask what it does not
    need to do itself.

    Attributes:
        before_hooks: The platform's own hooks, called with each request before those of
            extensions. One that raises a problem refuses the request.
        after_hooks: Called with request and response after the hooks of extensions, so that they
            see the response that is sent.
        answer: Returns the kept answer to a request, or that of the function that it is given;
            None for a request whose answers are not kept. None if no answers are.
    """

    response_class = Response
    session_interface = NoSessions()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before_hooks: list[BeforeHook] = []
        self.after_hooks: list[AfterHook] = []
        self.answer: Answer | None = None

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Bind the URL map to *request*; where the host matters for matching, Flask does it."""
        if self._matches_hosts() or (request and "HTTP_UPGRADE" in request.environ):
            return super().create_url_adapter(request)
        if request is None:
            return None
        # The query is for redirects, which are answered by 404.
        return self.url_map.bind(
            request.host,
            script_name=request.root_path,
            url_scheme=request.scheme,
            default_method=request.method,
            path_info=request.path,
        )

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return plain functions and methods as they are; Flask knows the rest."""
        code = getattr(func, "__code__", None)
        if code is None or code.co_flags & CO_COROUTINE:
            return super().ensure_sync(func)
        return func

    def preprocess_request(self) -> "ResponseReturnValue | None":
        """Call the platform's hooks, then those of extensions."""
        request = get_request()
        for hook in self.before_hooks:
            hook(request)
        has_hooks = self.before_request_funcs or self.url_value_preprocessors
        return super().preprocess_request() if has_hooks else None

    def dispatch_request(self) -> "ResponseReturnValue":
        """Return the kept answer to the request, or call its view."""
        view = super().dispatch_request
        if self.answer is None:
            return view()
        kept = self.answer(get_request(), lambda: self.make_response(view()))
        return view() if kept is None else kept

    def process_response(self, response: flask.Response) -> flask.Response:
        """Call the hooks of extensions, then the platform's, also if one of those fails."""
        context = _get_context()
        try:
            if self._has_hooks_after(context):
                response = super().process_response(response)
        finally:
            for hook in self.after_hooks:
                hook(context.request, response)
        return response

    def log_exception(self, exc_info: Any) -> None:
        """Do nothing: the error handler logs it, without the path, which a client wrote."""

    def _has_hooks_after(self, context: RequestContext) -> bool:
        once = context._after_request_functions  # noqa: SLF001 - those of this request
        has_sessions = not isinstance(self.session_interface, NoSessions)
        return has_sessions or bool(self.after_request_funcs or once)

    def _matches_hosts(self) -> bool:
        config = self.config
        return (
            self.url_map.host_matching
            or self.subdomain_matching
            or config["SERVER_NAME"] is not None
            or config["TRUSTED_HOSTS"] is not None
        )
