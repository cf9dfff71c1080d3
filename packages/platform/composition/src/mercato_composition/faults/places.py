"""Where a fault is: a line of a file, a variable, a feature, or a thing with a name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a fault; what is unknown is left out.

    Args:
        file: The file's name, as messages show it.
        line: A line of it, from 1.
        column: The column of the line in which the value or the mistake starts, from 1.
        end_column: The column behind its end.
        path: The tables and the key of a value: ``("server", "port")``.
        variable: The environment variable that the value is from.
        feature: The feature's name.
        distribution: The distribution that brings the feature.
        version: The distribution's version.
        name: What else it is: ``database``, ``--bind``, ``default of mercato-users 1.0``.
        excerpt: The line of the file, if it may be shown: it contains no secret.
    """

    file: str | None = None
    line: int | None = None
    column: int | None = None
    end_column: int | None = None
    path: tuple[str, ...] = ()
    variable: str | None = None
    feature: str | None = None
    distribution: str | None = None
    version: str | None = None
    name: str | None = None
    excerpt: str | None = None

    def __str__(self) -> str:
        """Return the place as the head of a message shows it: ``deployment.toml:2:8``."""
        if self.variable is not None:
            return self.variable
        if self.file is not None:
            return ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        if self.name is not None:
            return self.name
        if self.distribution is not None:
            return f"{self.distribution} {self.version} ({self.feature!r})"
        return f"{self.feature!r} (handed to create_app)"

    @property
    def key(self) -> str:
        """The place without lines and versions, which is the same in every run: ``server.port``.

        The settings of a feature begin with its name: ``users.mail``.
        """
        if self.path:
            is_setting = self.path[0] == "features" and self.path[2:3] == ("settings",)
            return ".".join((self.path[1], *self.path[3:]) if is_setting else self.path)
        return self.variable or self.feature or self.name or ""

    @property
    def in_short(self) -> str:
        """The place without its column: ``deployment.toml:2``."""
        return str(replace(self, column=None))

    def above(self, said: str) -> list[str]:
        """Return what the place *said* is wrong, below the excerpt if there is one."""
        if self.excerpt is None:
            return [said]
        start = len(self.excerpt) - len(self.excerpt.lstrip())
        if self.column is None or self.column <= start:
            return [self.excerpt.strip(), said]
        # A tab stays one, so that the caret stands below its column.
        before = re.sub(r"[^\t]", " ", self.excerpt[start : self.column - 1])
        carets = "^" * max((self.end_column or 0) - self.column, 1)
        return [self.excerpt.strip(), f"{before}{carets} {said}"]
