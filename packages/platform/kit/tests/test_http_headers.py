from werkzeug.datastructures import Headers

from mercato_kit.http.headers import append, names_in


class TestNamesIn:
    def test_ignores_case_and_repetition(self):
        """Each name is there once, in lower case."""
        headers = Headers([("Vary", "Origin"), ("VARY", "Accept"), ("ETag", '"1"')])

        assert names_in(headers) == {"vary", "etag"}


class TestAppend:
    def test_keeps_what_is_there(self):
        """Headers are added at the end, in their order."""
        headers = Headers([("ETag", '"1"')])

        append(headers, [("Age", "3"), ("Vary", "Origin")])

        assert list(headers) == [("ETag", '"1"'), ("Age", "3"), ("Vary", "Origin")]
