"""The record of erasures as it is read back."""

import json

import pytest

from mercato_database.privacy import read_record

ID = "01981f2e-7a61-7000-8000-000000000001"
LINE = {"request": ID, "feature": "users", "ref": ID, "erased_at": "2026-11-27T12:00:00Z"}


class TestReadRecord:
    def test_reads_lines(self):
        """Each line is an erasure; empty ones do not count."""
        assert read_record(f"{json.dumps(LINE)}\n\n") == [LINE]

    @pytest.mark.parametrize(
        "line",
        [
            "x",
            "1",
            "[1]",
            '{"a": 1}',
            json.dumps(LINE | {"ref": "x"}),
            json.dumps(LINE | {"ref": 1}),
        ],
    )
    def test_refuses_other_files(self, line):
        """A line of another form is shown in the error."""
        with pytest.raises(ValueError, match="not a line of erasures"):
            read_record(f"{json.dumps(LINE)}\n{line}\n")
