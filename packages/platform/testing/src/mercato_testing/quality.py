"""Levels of the quality scale: which rules a feature keeps, and what its package records.

A rule is a test of a class with ``feature``, marked with its level. A level is reached when all
rules of it and of the levels before passed in one run; a run of a part of them shows none.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard, TypeVar, cast

import msgspec
import pytest

from mercato_composition.features.installed import installed_features
from mercato_composition.features.quality import LEVELS, RECORD, Level, Record, recorded_level

MARKER = "quality"
_PROPERTY = "mercato_quality"
_Test = TypeVar("_Test", bound=Callable[..., Any])


def rule(level: Level) -> Callable[[_Test], _Test]:
    """Mark a test as a rule of a level."""
    return cast("Callable[[_Test], _Test]", pytest.mark.quality(level))


@dataclass
class Measured:
    """What a run showed of one feature.

    Args:
        level_of: The level of each rule that ran.
        broken: Rules that did not pass.
        is_whole: Whether all rules were selected.
        package: Its import package; empty if it is not installed.
        folder: The sources of the package, where the level is recorded.
    """

    level_of: dict[str, Level] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    is_whole: bool = True
    package: str = ""
    folder: str = ""

    @property
    def level(self) -> Level | None:
        """The level that is reached."""
        reached: Level | None = None
        for level in LEVELS:
            if self.broken_in(level):
                break
            reached = level
        return reached

    def broken_in(self, level: Level) -> list[str]:
        """Return the rules of a level that did not pass."""
        return sorted(name for name in self.broken if self.level_of[name] == level)

    @property
    def recorded(self) -> Level | None:
        """The level that the package under test records."""
        return recorded_level(self.package)

    @property
    def is_overstated(self) -> bool:
        """Whether the package records a higher level than the one that is reached."""
        return _rank(self.recorded) > _rank(self.level)

    def describe(self) -> str:
        """Return the level, what the next one needs, and a record that differs."""
        text = self.level or f"below {LEVELS[0]}"
        if self.broken:
            level = LEVELS[_rank(self.level)]
            text += f"; {level} needs {', '.join(self.broken_in(level))}"
        if self.recorded != self.level:
            text += f"; {RECORD} says {self.recorded or 'nothing'}: see --record-{MARKER}"
        return text


class QualityScale:
    """The part of the pytest plugin that measures features."""

    def __init__(self, config: pytest.Config) -> None:
        self.records = bool(config.getoption("record_quality"))
        # Reports of all processes arrive in the one that started them.
        self.is_worker = hasattr(config, "workerinput")
        self.deselected: set[str] = set()
        self.measured: dict[str, Measured] = {}

    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        """Remember the features of which not all rules will run."""
        self.deselected |= {item.cls.feature.name for item in items if _is_rule(item)}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Attach to each rule what its reports say of it, also in another process."""
        rules = [item for item in session.items if _is_rule(item)]
        chosen: dict[str, set[str]] = {}
        for item in rules:
            chosen.setdefault(item.cls.feature.name, set()).add(item.originalname)
        for item in rules:
            name = item.cls.feature.name
            is_whole = name not in self.deselected and chosen[name] >= set(_rules_of(item.cls))
            facts = _facts_of(item) | {"is_whole": is_whole}
            item.user_properties.append((_PROPERTY, facts))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Report a broken rule above the level that the class aims at as an expected failure."""
        report = yield
        if _is_rule(item) and report.when == "call" and report.failed:
            level = _level_of(item)
            if _rank(level) > _rank(getattr(item.cls, "aims", LEVELS[-1])):
                report.outcome = "skipped"
                report.wasxfail = f"a rule of {level}: {report.longreprtext}"
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count the report of a rule."""
        for name, facts in report.user_properties:
            if name == _PROPERTY:
                self._count(report, cast("Mapping[str, Any]", facts))

    def _count(self, report: pytest.TestReport, facts: Mapping[str, Any]) -> None:
        made = Measured(package=facts["package"], folder=facts["folder"])
        found = self.measured.setdefault(facts["feature"], made)
        found.level_of[facts["rule"]] = facts["level"]
        found.is_whole &= facts["is_whole"]
        if not report.passed:
            found.broken.add(facts["rule"])

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Record the levels if asked to; else fail if a package records more than it reaches."""
        if self.is_worker:
            return
        for _, found in self._whole():
            if self.records:
                _write(found)
            elif found.is_overstated:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the level of each feature whose rules all ran."""
        lines = [f"{name}: {found.describe()}" for name, found in self._whole()]
        if lines:
            terminalreporter.section("quality scale")
            for line in lines:
                terminalreporter.write_line(line)

    def _whole(self) -> Iterator[tuple[str, Measured]]:
        yield from ((name, found) for name, found in self.measured.items() if found.is_whole)


def _is_rule(item: pytest.Item) -> TypeGuard[pytest.Function]:
    has_feature = isinstance(item, pytest.Function) and hasattr(item.cls, "feature")
    return has_feature and item.get_closest_marker(MARKER) is not None


def _level_of(item: pytest.Function) -> Level:
    marker = item.get_closest_marker(MARKER)
    return cast("Level", marker.args[0] if marker else LEVELS[-1])


def _rank(level: Level | None) -> int:
    """Return the number of levels up to *level*."""
    return LEVELS.index(level) + 1 if level else 0


def _rules_of(suite: type) -> Iterator[str]:
    """Return the names of the tests of a class that are rules."""
    for name in dir(suite):
        marks = getattr(getattr(suite, name), "pytestmark", ())
        if any(mark.name == MARKER for mark in marks):
            yield name


def _facts_of(item: pytest.Function) -> dict[str, Any]:
    name = cast("type[Any]", item.cls).feature.name
    [package, *_] = [one.package for one in installed_features().get(name, ())] or [""]
    return {
        "feature": name,
        "rule": item.originalname,
        "level": _level_of(item),
        "package": package,
        "folder": str(item.path.parents[1] / "src" / package),
    }


def _write(found: Measured) -> None:
    """Write the level that was reached beside the sources; remove the record below bronze."""
    file = Path(found.folder, RECORD)
    if found.level is None:
        file.unlink(missing_ok=True)
    else:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(Record(found.level))) + b"\n")
