"""URL rules that are cheap to make."""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule as CompiledRule


class Rule(CompiledRule):
    """A rule whose functions that build URLs are made when a URL is first built.

    Making them takes most of the time of a rule, and few routes have their URL built. Werkzeug does
    not document the method: where it is not called, they are made at once.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002
        compile_builder = super()._compile_builder
        made: list[Callable[..., tuple[str, str]]] = []

        def build(rule: CompiledRule, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(compile_builder(append_unknown))
            return made[0](rule, **values)

        return build
