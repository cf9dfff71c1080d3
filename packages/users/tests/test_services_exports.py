import io
import json
import uuid
import zipfile
from datetime import timedelta

import pytest

from . import factories
from .factories import id_of


def key():
    """Return the headers with a new Idempotency-Key."""
    return {"Idempotency-Key": str(uuid.uuid4())}


@pytest.fixture
def export(alice, run_worker):
    """The path of an export of alice's data that is done."""
    asked = alice.post("/v1/users/me/export", headers=key())
    run_worker()
    return asked.headers["Location"]


class TestRequestExport:
    def test_is_made_by_the_worker(self, alice, run_worker):
        """The owner asks, and reads how far it is."""
        asked = alice.post("/v1/users/me/export", headers=key())

        run_worker()

        read = alice.get(asked.headers["Location"])
        assert (asked.status_code, asked.json["complete"]) == (202, False)
        assert (read.json["status"], read.json["complete"]) == ("done", True)
        assert {"feature": "users", "status": "done"} in read.json["parts"]

    def test_needs_a_fresh_login(self, alice, commit):
        """A session that was opened long ago asks for the password first."""
        commit(factories.age_logins, timedelta(hours=1))

        refused = alice.post("/v1/users/me/export", headers=key())

        assert (refused.status_code, refused.json["code"]) == (401, "step_up_required")

    def test_for_another_is_read_by_its_owner_alone(self, alice, as_user, run_worker):
        """Staff ask on the owner's request, and cannot read it."""
        staff = as_user(permissions=["users.erase"])
        asked = staff.post(f"/v1/users/{id_of(alice)}/export", headers=key())
        run_worker()

        path = f"/v1/users/me/exports/{asked.json['id']}/file"

        assert asked.status_code == 202
        assert [staff.get(path).status_code, alice.get(path).status_code] == [404, 200]


class TestReadExport:
    def test_has_a_report_and_the_data(self, alice, export):
        """The file is a zip of JSON files, one for each feature, and a report."""
        file = alice.get(f"{export}/file")

        assert file.mimetype == "application/zip"
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            files = {name: json.loads(archive.read(name)) for name in archive.namelist()}
        assert files["report.json"]["complete"] is True
        assert files["users.json"]["account"][0]["email"] == "alice@example.com"
        assert "argon2" not in repr(files)

    def test_of_another_is_not_found(self, bob, export):
        """An export is its owner's alone."""
        answers = [bob.get(export), bob.get(f"{export}/file")]

        assert [answer.status_code for answer in answers] == [404, 404]

    def test_that_is_not_complete_has_no_file(self, alice):
        """There is no file before every feature was asked."""
        asked = alice.post("/v1/users/me/export", headers=key())

        assert alice.get(f"{asked.headers['Location']}/file").status_code == 404
