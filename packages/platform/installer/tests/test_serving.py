"""Restart a server, and wait until it is ready."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mercato_composition.deployment.file import Source
from mercato_composition.faults import DeploymentError
from mercato_installer.serving import Serving, steps_of


@pytest.fixture
def server():
    """An HTTP server that gives the answers of a list, and then the last one again."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append((self.path, self.headers["Host"]))
            status, body = server.answers.pop(0) if server.answers[1:] else server.answers[0]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.asked, server.answers = [], [(200, b"{}")]
        threading.Thread(target=server.serve_forever).start()
        yield server
        server.shutdown()


def serving(folder, *, port=0, restart=(), **server):
    """How a deployment in a folder is restarted."""
    tables = {"server": {"port": port, **server}, "deploy": {"restart": list(restart)}}
    return Serving.of(Source("deployment.toml", tables), folder)


class TestRestart:
    def test_runs_in_the_folder_of_the_file(self, tmp_path):
        """The command's words are passed as they are, without a shell."""
        serving(tmp_path, restart=["touch", "a b;c"]).run_restart()

        assert (tmp_path / "a b;c").exists()

    def test_does_not_wait_for_a_server_that_it_starts(self, tmp_path):
        """A process that the command leaves behind keeps its output; the command has ended."""
        serving(tmp_path, restart=["sh", "-c", "sleep 5 & echo $! > pid"]).run_restart()

        assert (tmp_path / "pid").exists()

    @pytest.mark.provokes("K120")
    @pytest.mark.parametrize(
        ("restart", "said"),
        [
            (["sh", "-c", "echo no unit >&2; exit 5"], "exited with 5:\nno unit"),
            (["no-such-program"], "no-such-program cannot be run: No such file"),
        ],
    )
    def test_reports_a_command_that_fails(self, tmp_path, restart, said):
        """K120 has the output, and proposes to repeat it or to go back."""
        with pytest.raises(DeploymentError) as refused:
            serving(tmp_path, restart=restart).run_restart()

        (fault,) = refused.value.faults
        assert (fault.key, said in fault.what) == ("K120@deploy.restart", True)
        assert fault.fix.endswith("\nor: mercato rollback")


class TestReady:
    def test_waits_until_it_answers_200(self, tmp_path, server):
        """`/readyz` is asked by a name of the shop, at an address of this machine."""
        server.answers = [(503, b"{}"), (200, b"{}")]

        everywhere = {"host": "0.0.0.0", "hosts": [".shop.example"]}  # noqa: S104
        serving(tmp_path, port=server.server_port, **everywhere).wait_until_ready(5)

        assert server.asked == [("/readyz", "shop.example")] * 2

    @pytest.mark.provokes("K120")
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (json.dumps({"wrong": [{"check": "database", "detail": "away"}]}), "database: away"),
            ("<html>", "/readyz answers 503"),
        ],
    )
    def test_says_what_is_wrong(self, tmp_path, server, body, said):
        """K120 has the findings of the server that did not become ready."""
        server.answers = [(503, body.encode())]

        with pytest.raises(DeploymentError) as refused:
            serving(tmp_path, port=server.server_port, restart=["true"]).wait_until_ready(0)

        assert f"the server was not ready in 0 s: {said}" in str(refused.value)

    @pytest.mark.provokes("K120")
    def test_of_a_server_that_is_not_there(self, tmp_path):
        """K120 names the address that does not answer."""
        with pytest.raises(DeploymentError) as refused:
            serving(tmp_path, port=1, restart=["true"]).wait_until_ready(0)

        assert "127.0.0.1:1 does not answer (ConnectionRefusedError)" in str(refused.value)


class TestSteps:
    def test_without_a_command(self, tmp_path):
        """The operator is asked to restart the server, so it is not asked whether it is ready."""
        ((name, title, _),) = steps_of(serving(tmp_path, port=5000))

        assert (name, title.partition(":")[0]) == ("restart", "restart server and worker now")

    def test_of_a_free_port(self, tmp_path):
        """A server that chooses its port is restarted, and cannot be asked."""
        names = [name for name, *_ in steps_of(serving(tmp_path, restart=["true"]))]

        assert names == ["restart"]
