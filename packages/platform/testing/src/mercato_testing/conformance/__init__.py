"""What every feature promises, as a suite that it inherits in three lines::

class TestConformance(FeatureConformance):
feature = feature
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import ClassVar
from typing import cast

import pytest
from flask import Flask

from mercato_kit import work
from mercato_kit.feature import Feature
from mercato_testing.client import Client
from mercato_testing.conformance import declarations
from mercato_testing.conformance import documents
from mercato_testing.conformance import histories
from mercato_testing.conformance import hostile
from mercato_testing.conformance import schemas
from mercato_testing.conformance import shape
from mercato_testing.conformance import tables
from mercato_testing.stage import Fake
from mercato_testing.stage import Stage
from mercato_testing.stage import set_up
from mercato_testing.stage import with_fake_identity

__all__ = ["FeatureConformance"]

_SHOWN = 40


class FeatureConformance:
    """The promises of every feature. The host that boots here has a fake identity provider."""

    feature: ClassVar[Feature]

    @pytest.fixture
    def _stage(self, fakes: Sequence[Fake], settings: Mapping[str, Any]) -> Stage:
        return set_up(with_fake_identity(self.feature), fakes, settings)

    @pytest.fixture(params=["sqlite", "postgresql"])
    def two_databases(
        self, request: pytest.FixtureRequest, empty_database: Callable[[str], str]
    ) -> tuple[str, str]:
        """URLs of two empty databases of one kind."""
        return empty_database(request.param), empty_database(request.param)

    def test_is_installed_under_its_name(self) -> None:
        """The entry point and the manifest have one name."""
        none_of(declarations.missing_entry_point(self.feature))

    def test_has_the_shape_of_features(self) -> None:
        """Every part is in the module, and has the name, that it has in all features."""
        none_of(shape.misplaced_manifest(self.feature))
        none_of(shape.misnamed_parts(self.feature))
        none_of(shape.misplaced_parts(self.feature))
        none_of(shape.bypassed_services(self.feature))

    def test_names_its_tables_after_itself(self) -> None:
        """No other feature can have a table of the same name."""
        none_of(tables.foreign_tables(self.feature))

    def test_keeps_its_foreign_keys_at_home(self) -> None:
        """Any other feature can leave the deployment without breaking this one."""
        none_of(tables.leaving_foreign_keys(self.feature))

    def test_names_its_constraints(self) -> None:
        """A migration can drop each constraint, and an error says which it was."""
        none_of(tables.unnamed_constraints(self.feature))

    def test_has_one_history(self) -> None:
        """There is one newest revision, and the file names tell which."""
        none_of(histories.tables_without_migrations(self.feature))
        none_of(histories.broken_history(self.feature))
        none_of(histories.unknown_phases(self.feature))

    def test_migrates_to_its_models(self, two_databases: tuple[str, str]) -> None:
        """Migrations make what the models describe, to the last constraint."""
        none_of(histories.differences_from_models(self.feature, *two_databases))

    def test_migrates_down_and_up_again(self, two_databases: tuple[str, str]) -> None:
        """The way down leaves nothing, and the way up works a second time."""
        none_of(histories.one_way_migrations(self.feature, two_databases[0]))

    def test_states_who_may_call(self) -> None:
        """Every route has a policy."""
        none_of(declarations.routes_without_policy(self.feature))

    def test_declares_its_permissions(self) -> None:
        """Operators can read in the manifest what each permission allows."""
        none_of(declarations.undeclared_permissions(self.feature))

    def test_documents_its_routes(self) -> None:
        """Every route has a summary."""
        none_of(declarations.undocumented_routes(self.feature))

    def test_bounds_its_lists(self) -> None:
        """Every list has a limit and a stable order."""
        none_of(declarations.unbounded_lists(self.feature))

    def test_reads_strictly(self) -> None:
        """Input is what the schema lists, and of bounded length."""
        none_of(schemas.loose_inputs(self.feature))

    def test_boots_alone(self, app: Flask) -> None:
        """The host takes the feature with nothing but fakes of what it needs."""
        assert_that(bool(app.url_map), "the app has no routes")

    def test_documents_itself(self, client: Client) -> None:
        """The API document is valid, and its names are the feature's own."""
        response = client.get("/openapi.json")

        assert_that(response.status_code == 200, f"/openapi.json answers {response.status_code}")
        document = cast("Mapping[str, Any]", response.json)
        none_of(documents.invalid_parts(document))
        none_of(documents.strange_names(document, self.feature))

    def test_makes_sample_data_once(self, app: Flask) -> None:
        """Sample data fills an empty database, and makes nothing the second time."""
        none_of(repeated_samples(app, self.feature))

    def test_survives_bad_input(self, app: Flask, charlie: Client) -> None:
        """Bad input is refused with a problem document, is never a 500, and leaves nothing."""
        none_of(hostile.surviving_attacks(app, self.feature, charlie))


def none_of(found: Iterable[str]) -> None:
    """Fail with everything that was found, if anything was."""
    lines = list(found)
    if lines:
        more = [f"… and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        pytest.fail("\n".join([*lines[:_SHOWN], *more]), pytrace=False)


def assert_that(holds: object, otherwise: str) -> None:
    """Fail with *otherwise* unless something holds."""
    if not holds:
        pytest.fail(otherwise, pytrace=False)


def repeated_samples(app: Flask, feature: Feature) -> Iterable[str]:
    """Find rows that sample data makes again when it is asked for twice."""
    make = feature.sample_data
    if make is None:
        return
    counts = []
    for _ in range(2):
        with app.app_context():
            work.run(lambda: make({}))
        counts.append(hostile.count_rows(app, feature))
    first, second = counts
    for table in first:
        if first[table] != second[table]:
            yield f"{table}: {first[table]} rows, and {second[table]} after the second time"
