import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from mercato_payments_sandbox.cli import sandbox as group

from .api import Api

SECRET = "a-secret-that-nothing-shows"
READY_WITHIN_SECONDS = 60
MERCATO = str(Path(sys.executable).with_name("mercato"))
SERVING = str(Path(__file__).with_name("serving.py"))


def start(port, *command):
    """Start a sandbox, and wait until it answers."""
    secret = {"MERCATO_FEATURES__PAYMENTS_SANDBOX__SETTINGS__SECRET": SECRET}
    process = subprocess.Popen(
        command, env=os.environ | secret, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    give_up_at = time.monotonic() + READY_WITHIN_SECONDS
    while True:
        try:
            httpx2.get(f"http://127.0.0.1:{port}/admin/ledger", trust_env=False)
        except httpx2.TransportError:
            assert time.monotonic() < give_up_at
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.05)
        else:
            return process


class TestServe:
    def test_serves_until_it_is_stopped(self, tmp_path, free_port):
        """The command serves with the secret of the settings, ends cleanly, and shows no secret."""
        file = tmp_path / "shop.toml"
        file.write_text(
            f'environment = "development"\n[database]\nurl = "sqlite:///{tmp_path}/shop.db"\n'
            "[features.payments_sandbox]\n"
        )
        words = [f"--deployment={file}", "payments-sandbox", "serve", f"--port={free_port}"]
        api = Api(f"http://127.0.0.1:{free_port}", SECRET)

        process = start(free_port, MERCATO, *words, f"--database={tmp_path}/sandbox.db")
        answer = api.pay("4242")[1].json()
        process.terminate()
        shown = process.communicate()[0].decode()

        assert (answer["state"], process.returncode) == ("captured", 0)
        assert shown == f"The sandbox is open: http://127.0.0.1:{free_port}\n"

    @pytest.mark.parametrize("database", ["sqlite"], indirect=True)
    def test_says_that_its_port_is_taken(self, app, server, tmp_path):
        """A port that is in use is named, without a traceback."""
        port = server.url.rpartition(":")[2]
        words = ["serve", f"--port={port}", f"--database={tmp_path}/sandbox.db"]

        with app.app_context():
            result = CliRunner().invoke(group, words)

        assert result.exit_code == 1
        assert "Address already in use" in result.output
        assert port in result.output

    def test_survives_being_killed(self, tmp_path, free_port):
        """A payment and the answer to its key outlive kill -9."""
        command = [sys.executable, SERVING, f"{tmp_path}/sandbox.db", SECRET, f"{free_port}"]
        api = Api(f"http://127.0.0.1:{free_port}", SECRET)

        first = start(free_port, *command)
        path = api.open()
        charged = api.confirm(path, "4242", key="one-key").json()
        first.send_signal(signal.SIGKILL)
        first.communicate()
        second = start(free_port, *command)
        again = api.confirm(path, "4242", key="one-key").json()
        moved = api.movements()
        second.kill()
        second.communicate()

        assert charged == again
        assert moved == [("capture", 1990)]
