"""Refusals."""

from mercato_kit.errors import Problem


class CodeTaken(Problem):
    """Another item has the code."""

    status = 409
    code = "gizmo_code_taken"
    title = "Another item has this code"
