"""Refusals of the sandbox's API."""


class Refusal(Exception):
    """A call is refused, and has no effect.

    Args:
        status: HTTP status, 400 or above.
        code: Why, for programs.
        detail: Why, for people.
    """

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
