"""The closed cycle with a real host: deploy, deploy from the new environment, and go back."""

import json
import os
import signal
import socket
import urllib.request
from pathlib import Path

import pytest

from mercato_testing.samples.documents import read_document

VERSIONS = Path("mercato_alpha/migrations/versions")

ALPHA = """
from pathlib import Path

import sqlalchemy as sa
from mercato_kit.feature import Feature

metadata = sa.MetaData()
sa.Table("alpha_word", metadata, sa.Column("id", sa.Integer, primary_key=True))
folder = Path(__file__).parent / "migrations/versions"
feature = Feature(name="alpha", summary="Has a table.", metadata=metadata, migrations=folder)
"""

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
phase = "expand"


def upgrade():
    op.create_table("alpha_word", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("alpha_word")
"""

RESTART = """
test -e server.pid && kill $(cat server.pid) && while kill -0 $(cat server.pid); do sleep 0.1; done
environments/current/bin/mercato --deployment deployment.toml serve >server.log 2>&1 &
echo $! >server.pid
"""


def free_port():
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def shop(shop):
    """A deployment with the release 1.0 of a feature, and a command that restarts its server."""
    (shop.folder / "restart.sh").write_text(RESTART)
    shop.port = free_port()
    more = '[deploy]\nrestart = ["sh", "restart.sh"]\n'
    shop.choose("alpha", more=more, port=shop.port)
    shop.offer(version="1.0")
    yield shop
    os.kill(int((shop.folder / "server.pid").read_text()), signal.SIGTERM)


def state(shop):
    """What the server that runs says of itself."""
    request = urllib.request.Request(f"http://127.0.0.1:{shop.port}/readyz")
    request.add_header("Host", "shop.example")
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)["status"]


class TestCycle:
    def test_from_the_current_environment_alone(self, shop):
        """`current` plans, deploys and goes back; the server is ready after each."""
        first, err = shop.start("deploy").communicate("y\n")
        assert "release 1, the first\n" in first, first + err
        assert "  back      there is no older release.   Do it? [y/N] " in first
        assert (first.endswith("Release 1 is in service.\n"), state(shop)) == (True, "ready")
        files = {str(VERSIONS / "0001_initial.py"): MIGRATION}
        shop.offer(version="1.1", source=ALPHA, files=files)

        planned = shop.installed("deploy", "--plan", "--json", "--out=p.json", "--exit-code")
        plan = read_document(planned.stdout, "mercato_installer")
        done = shop.installed("deploy", "p.json", "--yes")
        listed = shop.installed("releases", "--json")
        finished = shop.installed("deploy", "--finish")
        back = shop.installed("rollback")

        assert (planned.returncode, plan["release"]) == (3, {"from": 1, "to": 2}), planned.stderr
        assert plan["packages"]["changes"] == [{"sign": "~", "what": "mercato-alpha 1.0 -> 1.1"}]
        assert [step["feature"] for step in plan["database"]["steps"]] == ["alpha"]
        assert done.stdout.endswith("Release 2 is in service.\n"), done.stdout + done.stderr
        newest = json.loads(listed.stdout)["releases"][0]
        assert (newest["number"], newest["current"]) == (2, True)
        assert newest["heads"]["after"]["alpha"] == "0001"
        assert finished.stdout.startswith("Nothing to do: "), finished.stderr
        assert back.stdout.endswith("Release 1 is the current one.\n"), back.stdout + back.stderr
        assert state(shop) == "ready"
