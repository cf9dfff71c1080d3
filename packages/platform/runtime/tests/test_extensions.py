"""Sentry and OpenTelemetry on the app of a deployment."""

import pytest
import sentry_sdk
from flask import signals
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.transport import Transport

from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone

blueprint = Blueprint("mirror", __name__)


@blueprint.get("/mirrors/<int:number>", allow=anyone)
@blueprint.response(200)
def look(number):
    """Return nothing, or fail for 0"""
    return {"inverse": 1 // number}


mirror = Feature(name="mirror", summary="For a test.", blueprints=[blueprint])


@pytest.fixture
def app(client_of):
    """An app with the feature."""
    return client_of(mirror).application


class Events(Transport):
    """Keeps the events that Sentry would send."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def capture_envelope(self, envelope):
        """Keep an event; other items, such as sessions, are not looked at."""
        if event := envelope.get_event() or envelope.get_transaction_event():
            self.kept.append(event)


@pytest.fixture
def sentry():
    """The events that Sentry sends; it is initialized with its integration for Flask alone."""
    events = Events()
    sentry_sdk.init(
        dsn="https://key@sentry.example/1",
        transport=events,
        traces_sample_rate=1.0,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[FlaskIntegration(transaction_style="url")],
    )
    yield events.kept
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


@pytest.fixture
def spans(app):
    """A function that returns the spans of OpenTelemetry's instrumentation of the app."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    FlaskInstrumentor.instrument_app(app, tracer_provider=provider)
    yield exporter.get_finished_spans
    FlaskInstrumentor.uninstrument_app(app)
    provider.shutdown()


class TestSentry:
    def test_has_an_error_with_its_route(self, sentry, app):
        """An unexpected error of a view is reported once, under the rule of its route."""
        answer = app.test_client().get("/mirrors/0")

        assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
        [error] = [event for event in sentry if event.get("level") == "error"]
        assert error["exception"]["values"][-1]["type"] == "ZeroDivisionError"
        assert error["transaction"] == "/mirrors/<int:number>"

    def test_has_a_trace_with_its_route(self, sentry, app):
        """A request is a transaction under the rule of its route, with its status."""
        app.test_client().get("/mirrors/1")

        [trace] = [event for event in sentry if event.get("type") == "transaction"]
        assert trace["transaction"] == "/mirrors/<int:number>"
        assert trace["contexts"]["trace"]["status"] == "ok"

    def test_has_no_refusals(self, sentry, app):
        """A problem of the API, such as 404, is no error."""
        assert app.test_client().get("/nowhere").status_code == 404

        assert [event for event in sentry if event.get("level") == "error"] == []


class TestOpenTelemetry:
    @pytest.mark.parametrize(("number", "status"), [(1, 200), (0, 500)])
    def test_has_a_span_with_its_route(self, spans, app, number, status):
        """A request is a span with the rule of its route and its status."""
        app.test_client().get(f"/mirrors/{number}")

        [span] = spans()
        assert span.name == "GET /mirrors/<int:number>"
        assert span.attributes["http.route"] == "/mirrors/<int:number>"
        assert span.attributes["http.status_code"] == status


class TestErrors:
    def test_are_signalled(self, app):
        """Flask's signal of an unexpected error is sent, with the error."""
        heard = []

        def hear(_app, exception):
            heard.append(type(exception))

        with signals.got_request_exception.connected_to(hear, app):
            app.test_client().get("/mirrors/0")

        assert heard == [ZeroDivisionError]
