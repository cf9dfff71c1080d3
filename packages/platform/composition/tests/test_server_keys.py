"""The previous secret key: how long it is accepted, and what is wrong with it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mercato_composition.deployment.reader import read_deployment, read_draft

from .unsafe_deployments import KEY, OTHER, faults_of, production

PREVIOUS = {"MERCATO_SECRET_KEY_PREVIOUS": OTHER}


def days_ahead(days):
    """Return a day (UTC)."""
    return datetime.now(UTC).date() + timedelta(days=days)


def found(days, environ=PREVIOUS, **tables):
    """Return the faults of a production deployment whose previous key ends in *days*."""
    until = {} if days is None else {"secret_key_previous_until": days_ahead(days)}
    faults = faults_of(*production(environ, **until, **tables))
    return [(one.code, one.severity, one.place.key) for one in faults if "previous" in one.what]


class TestPreviousKey:
    @pytest.mark.parametrize("until", [date(2999, 1, 31), "2999-01-31"])
    def test_ends_with_its_last_day(self, until):
        """A date, or its text in a variable, is the last day on which it is accepted."""
        values = {"environment": "testing", "secret_key_previous_until": until}

        previous = read_deployment(values, environ=PREVIOUS).secret_key_previous

        assert previous.secret.reveal() == OTHER
        assert previous.until == datetime(2999, 2, 1, tzinfo=UTC)

    def test_is_none_by_default(self):
        """Without these settings there is no previous key."""
        assert read_deployment({"environment": "testing"}).secret_key_previous is None

    @pytest.mark.parametrize("days", [0, 30])
    def test_is_accepted_for_thirty_days(self, days):
        """Production accepts it from today to 30 days ahead."""
        assert found(days) == []

    @pytest.mark.provokes("K209")
    def test_is_not_accepted_for_longer(self):
        """Production refuses a last day that is further ahead."""
        assert found(31) == [("K209", "error", "secret_key_previous_until")]

    def test_has_no_limit_in_development(self):
        """Other environments accept any day."""
        values = {"environment": "development", "secret_key_previous_until": days_ahead(400)}

        assert read_draft(values, environ=PREVIOUS).faults == ()

    @pytest.mark.provokes("K209")
    def test_is_ignored_after_its_last_day(self):
        """A day in the past is a warning: both settings can be removed."""
        [fault] = read_draft(
            {"environment": "development", "secret_key_previous_until": days_ahead(-1)},
            environ=PREVIOUS,
        ).faults

        assert (fault.code, fault.severity) == ("K209", "warning")
        assert "is ignored" in fault.what
        assert len(fault.fixes) == 2

    @pytest.mark.provokes("K201")
    def test_has_a_last_day(self):
        """Without its last day it is refused, and the fix says one."""
        [fault] = faults_of(*production(PREVIOUS))

        assert (fault.code, fault.place.key) == ("K201", "secret_key_previous_until")
        assert f"{days_ahead(30)}" in str(fault.fixes[0])

    @pytest.mark.provokes("K201")
    def test_is_missing_beside_its_last_day(self):
        """A last day without a key is reported: a variable may have got lost."""
        assert [code for code, _, _ in found(1, environ={})] == ["K201"]

    def test_may_be_absent_where_secrets_are(self):
        """Commands that need no secrets do not ask for it; a day in the past asks for nothing."""
        values = {"environment": "testing", "secret_key_previous_until": days_ahead(1)}
        past = values | {"secret_key_previous_until": days_ahead(-1)}

        assert read_draft(values, absent=None).faults == ()
        assert read_draft(past).faults == ()

    @pytest.mark.provokes("K206")
    def test_is_another_key(self):
        """The same key twice is refused."""
        assert found(1, {"MERCATO_SECRET_KEY_PREVIOUS": KEY})[0][0] == "K206"

    @pytest.mark.provokes("K205")
    def test_is_not_written_in_the_file(self):
        """Production refuses it in clear text in the file."""
        assert ("K205", "error") in {one[:2] for one in found(1, {}, secret_key_previous=OTHER)}

    @pytest.mark.provokes("K202")
    def test_refuses_what_is_no_date(self):
        """A value that is not a date is shown."""
        [fault] = read_draft(
            {"environment": "testing", "secret_key_previous_until": "soon"}, environ=PREVIOUS
        ).faults

        assert fault.code == "K202"
        assert "'soon'" in fault.what
