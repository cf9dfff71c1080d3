import pytest

from mercato_kit import errors
from mercato_kit.errors import Problem

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, Problem) and kind is not Problem
]


class TestProblem:
    @pytest.mark.parametrize(
        ("kind", "status"),
        [
            ("MalformedRequest", 400),
            ("InvalidCursor", 400),
            ("Unauthenticated", 401),
            ("Forbidden", 403),
            ("NotFound", 404),
            ("Conflict", 409),
            ("StaleVersion", 412),
            ("UnsupportedMediaType", 415),
            ("Invalid", 422),
            ("PreconditionRequired", 428),
        ],
    )
    def test_has_a_status(self, kind, status):
        """Each problem has the matching status of RFC 9110."""
        assert getattr(errors, kind)().status == status

    @pytest.mark.parametrize("kind", KINDS)
    def test_has_a_unique_code(self, kind):
        """No two problems share a code, and none keeps its work by default."""
        assert [other for other in KINDS if other.code == kind.code] == [kind]
        assert kind.keeps_work is False

    def test_has_a_detail(self):
        """The detail defaults to the title."""
        assert Problem().detail == str(Problem()) == Problem.title
        assert Problem("No such luck.", variant_ids=[1]).members == {"variant_ids": [1]}

    @pytest.mark.parametrize("kind", [errors.TooManyRequests, errors.Unavailable])
    def test_has_retry_after(self, kind):
        """Problems with a delay have a Retry-After header."""
        assert kind(retry_after_seconds=7).headers == {"Retry-After": "7"}
