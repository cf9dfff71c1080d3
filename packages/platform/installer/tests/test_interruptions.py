"""A deploy and a rollback are killed between any two steps; then the same command ends them."""

import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mercato_installer.planning import make_plan
from mercato_installer.releases import Releases

from .deploys import FakeInside, installation_of

PROGRAM = Path(__file__).with_name("interrupted.py")
KILLED = -signal.SIGKILL


@contextmanager
def answering(status):
    """Serve `/readyz` with a status on a free port."""

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_arguments):
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Ready) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def shop(small_shop):
    """A deployment with two releases in the index, whose server is ready at once.

    The command that restarts the server kills the deploy the first time.
    """
    with answering(200) as port:
        small_shop.port = port
        choose(small_shop, 15)
        small_shop.offer(version="1.0")
        yield small_shop


def choose(shop, minutes):
    """Write the deployment file."""
    restart = "echo done >> restarts; test -e killed || { touch killed; kill -9 $PPID; }"
    more = f"[features.alpha.settings]\nminutes = {minutes}\n[deploy]\n"
    shop.choose("alpha", more=f"{more}restart = ['sh', '-c', '{restart}']\n", port=shop.port)


@pytest.fixture
def run(shop):
    """Run a command that is killed before a step; return its exit code, and what it said."""
    with subprocess.Popen(
        [sys.executable, PROGRAM, shop.folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def run(command, step):
            process.stdin.write(f"{command} {step}\n")
            process.stdin.flush()
            code = int(process.stdout.readline())
            return code, (shop.folder / "said").read_text()

        yield run
        # The end of its input ends it.
        process.stdin.close()


class TestKill:
    def test_between_any_two_steps(self, shop, run):
        """Until its release is in place the old one works; each new run goes on from there."""
        (shop.folder / "killed").touch()
        assert run("deploy", 0)[0] == 0
        old = Releases(shop.places).current()
        (shop.folder / "killed").unlink()
        choose(shop, 20)
        shop.offer(version="1.1")

        before = []
        for step in (1, 2, 3, 4, 5, 6):
            code, said = run("deploy", step)
            assert (code, f"[{step}/8]" in said.splitlines()[-1]) == (KILLED, True), said
            assert shop.places.current.readlink().name == old.environment.name
            assert Releases(shop.places).current() == old
            before.append(FakeInside(shop.folder).heads["alpha"])
        # Killed before the server is restarted, by the restart, and before it is asked.
        after = [run("deploy", step)[0] for step in (7, 0, 8)]
        code, said = run("deploy", 0)

        assert before == ["0001"] * 5 + ["0002"]
        assert (after, code) == ([KILLED] * 3, 0), said
        assert "resuming the deploy of release 2" in said
        used = Releases(shop.places).current()
        assert (used.number, used.file.read_bytes()) == (2, shop.file.read_bytes())
        assert used.lock.read_bytes() == shop.places.lock.read_bytes()
        assert [it.name for it in shop.places.environments.glob("deploy*.json")] == []
        assert [one.number for one in Releases(shop.places).all()] == [1, 2]

        self.back(shop, run)

    def back(self, shop, run):
        """A rollback that is killed before each step goes to the release it was begun for."""
        newer = shop.file.read_bytes()
        (shop.folder / "killed").unlink()

        codes = [run("rollback", step)[0] for step in (1, 2, 3, 0, 4)]
        code, said = run("rollback", 0)

        assert (codes, code) == ([KILLED] * 5, 0), said
        used = Releases(shop.places).current()
        assert (used.number, shop.file.read_bytes()) == (1, used.file.read_bytes())
        assert shop.places.lock.read_bytes() == used.lock.read_bytes()
        assert shop.places.current.readlink().name == used.environment.name
        assert newer != shop.file.read_bytes()

    def test_a_plan_in_between(self, shop, run):
        """A plan that is only shown, with newer packages, does not change what is resumed."""
        assert run("deploy", 4)[0] == KILLED
        shop.offer(version="1.1")
        (shop.folder / "killed").touch()
        installation = installation_of(shop)
        with installation.locked():
            newer = make_plan(installation)

        code, said = run("deploy", 0)

        assert (code, '"1.1"' in newer.lock) == (0, True), said
        assert '"1.1"' not in shop.places.lock.read_text()

    def test_other_inputs_begin_anew(self, shop, run):
        """A file that was edited after an interruption gets a new plan."""
        assert run("deploy", 3)[0] == KILLED
        choose(shop, 30)
        (shop.folder / "killed").touch()

        code, said = run("deploy", 0)

        assert (code, "resuming" in said) == (0, False), said
        assert b"minutes = 30" in Releases(shop.places).current().file.read_bytes()
