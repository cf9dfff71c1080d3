"""Tests of what every feature promises, inherited in three lines.

::

    class TestConformance(FeatureConformance):
        feature = feature

Each test is a rule of a level of the quality scale. A class with ``aims = "silver"`` reports the
rules of gold and platinum that it does not keep, without failing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, cast
from uuid import UUID

import pytest
from flask import Flask

from mercato_kit import work
from mercato_kit.feature import Feature
from mercato_testing.client import Client
from mercato_testing.conformance import (
    declarations,
    documents,
    expansions,
    histories,
    hostile,
    imports,
    mails,
    persons,
    readme,
    rules,
    schemas,
    shape,
    suites,
    tables,
    views,
)
from mercato_testing.findings import assert_that, none_of
from mercato_testing.quality import rule
from mercato_testing.stage import Fake, Stage, set_up, with_fake_identity
from mercato_testing.views import ViewCase

__all__ = ["FeatureConformance"]


class FeatureConformance:
    """Tests of one feature, in a host with a fake identity provider."""

    feature: ClassVar[Feature]
    aims: ClassVar[str] = "platinum"

    @pytest.fixture
    def _stage(self, fakes: Sequence[Fake], settings: Mapping[str, Any]) -> Stage:
        return set_up(with_fake_identity(self.feature), fakes, settings)

    @pytest.fixture(params=["sqlite", "postgresql"])
    def two_databases(
        self, request: pytest.FixtureRequest, empty_database: Callable[[str], str]
    ) -> tuple[str, str]:
        """Return the URLs of two empty databases of the same kind."""
        return empty_database(request.param), empty_database(request.param)

    @rule("bronze")
    def test_is_installed_under_its_name(self) -> None:
        """The entry point and the manifest have the same name."""
        none_of(declarations.missing_entry_point(self.feature))

    @rule("platinum")
    def test_has_the_shape_of_features(self) -> None:
        """Every part has the module and the name that it has in all features."""
        none_of(shape.misplaced_manifest(self.feature))
        none_of(shape.misnamed_parts(self.feature))
        none_of(shape.misplaced_parts(self.feature))
        none_of(shape.bypassed_services(self.feature))

    @rule("bronze")
    def test_imports_public_names_of_the_kit(self) -> None:
        """Of the kit, it imports what ``__all__`` of the kit and of its packages lists."""
        none_of(imports.private_names(self.feature))

    @rule("bronze")
    def test_names_its_tables_after_itself(self) -> None:
        """The name of each table starts with the name of the feature."""
        none_of(tables.foreign_tables(self.feature))

    @rule("bronze")
    def test_keeps_its_foreign_keys_at_home(self) -> None:
        """No foreign key refers to a table of another feature."""
        none_of(tables.leaving_foreign_keys(self.feature))

    @rule("bronze")
    def test_names_its_constraints(self) -> None:
        """Each constraint has a name, so that migrations and errors can refer to it."""
        none_of(tables.unnamed_constraints(self.feature))

    @rule("bronze")
    def test_classifies_its_columns(self) -> None:
        """Of each column with text, JSON or bytes, it says what becomes of a person's data."""
        none_of(tables.unclassified_columns(self.feature))

    @rule("bronze")
    def test_has_one_history(self) -> None:
        """There is one newest revision, and file names start with their revisions."""
        none_of(histories.tables_without_migrations(self.feature))
        none_of(histories.broken_history(self.feature))
        none_of(histories.unknown_phases(self.feature))

    @rule("bronze")
    def test_migrates_to_its_models(self, two_databases: tuple[str, str]) -> None:
        """Migrations create exactly the tables of the models."""
        none_of(histories.differences_from_models(self.feature, *two_databases))

    @rule("silver")
    def test_migrates_down_and_up_again(self, two_databases: tuple[str, str]) -> None:
        """A downgrade removes all tables, and a second upgrade gives the same tables."""
        none_of(histories.one_way_migrations(self.feature, two_databases[0]))

    @rule("bronze")
    def test_states_who_may_call(self) -> None:
        """Every route has a policy."""
        none_of(declarations.routes_without_policy(self.feature))

    @rule("bronze")
    def test_declares_its_permissions(self) -> None:
        """The manifest explains every permission that a route requires."""
        none_of(declarations.undeclared_permissions(self.feature))

    @rule("gold")
    def test_documents_its_routes(self) -> None:
        """Every route has a summary."""
        none_of(declarations.undocumented_routes(self.feature))

    @rule("silver")
    def test_bounds_its_lists(self) -> None:
        """Every list has a limit and a total order."""
        none_of(declarations.unbounded_lists(self.feature))

    @rule("silver")
    def test_reads_strictly(self) -> None:
        """Input schemas refuse unknown fields, convert nothing, and bound the length of text."""
        none_of(schemas.loose_inputs(self.feature))

    @rule("silver")
    def test_refuses_its_unsafe_examples(self, settings: Mapping[str, Any]) -> None:
        """Each rule for production refuses its example, and accepts what it proposes instead."""
        none_of(rules.broken_rules(self.feature, settings))

    @rule("silver")
    def test_completes_its_mails(self) -> None:
        """Each mail has subject, text and HTML, in English and in each language of the others."""
        none_of(mails.incomplete_templates(self.feature))
        none_of(mails.malformed_templates(self.feature))

    @rule("platinum")
    def test_shows_what_its_schemas_dump(
        self, app: Flask, view_cases: Mapping[str, ViewCase]
    ) -> None:
        """Each view shows what its schema makes of the entity, for random rows."""
        found = dict(views.views_of(self.feature)).items()
        none_of(views.impossible_views(found))
        none_of(views.differing_views(app, found, view_cases))

    @rule("silver")
    def test_expands_in_batches(
        self, app: Flask, expanded_ids: Mapping[str, Sequence[UUID]]
    ) -> None:
        """An expansion reads the values of a page in two statements, and of no other ids."""
        none_of(expansions.faulty_expansions(app, self.feature, expanded_ids))

    @rule("bronze")
    def test_boots_alone(self, app: Flask) -> None:
        """The host starts with the feature and fakes of what it needs."""
        assert_that(bool(app.url_map), "the app has no routes")

    @rule("gold")
    def test_documents_itself(self, client: Client) -> None:
        """The API document is valid, says what all parts mean, and names them by the feature."""
        response = client.get("/openapi.json")

        assert_that(response.status_code == 200, f"/openapi.json answers {response.status_code}")
        document = cast("Mapping[str, Any]", response.json)
        none_of(documents.invalid_parts(document))
        none_of(documents.undescribed_parts(document))
        none_of(documents.strange_names(document, self.feature))

    @rule("gold")
    def test_shows_examples(self, client: Client) -> None:
        """A feature with recorded examples has a valid one of each body, parameter and response."""
        document = cast("Mapping[str, Any]", client.get("/openapi.json").json)

        if documents.has_examples(self.feature):
            none_of(documents.missing_examples(document))

    @rule("gold")
    def test_says_what_it_has(self) -> None:
        """The README names each setting, permission, contract, topic and expansion."""
        none_of(readme.unmentioned_parts(self.feature))

    @rule("platinum")
    def test_ships_its_types(self) -> None:
        """The package has a ``py.typed``, so that type checkers read it."""
        none_of(shape.untyped_packages(self.feature))

    @rule("platinum")
    def test_inherits_suites_of_its_contracts(self, request: pytest.FixtureRequest) -> None:
        """For each contract that it offers, a test class inherits the suite of that contract."""
        none_of(suites.missing_suites(self.feature, request.path.parent))

    @rule("silver")
    def test_makes_sample_data_once(self, app: Flask) -> None:
        """A second run of the sample data adds no rows."""
        none_of(repeated_samples(app, self.feature))

    @rule("silver")
    def test_knows_no_strangers(self, app: Flask) -> None:
        """Of a person without data, it exports and erases nothing, also without an account."""
        none_of(persons.known_strangers(app, self.feature))

    @rule("silver")
    def test_survives_bad_input(self, app: Flask, charlie: Client) -> None:
        """Bad input gets a problem document, never a 500, and changes no rows."""
        none_of(hostile.surviving_attacks(app, self.feature, charlie))


def repeated_samples(app: Flask, feature: Feature) -> Iterable[str]:
    """Find tables in which a second run of the sample data adds rows."""
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
            yield f"{table}: {first[table]} rows, and {second[table]} after a second run"
