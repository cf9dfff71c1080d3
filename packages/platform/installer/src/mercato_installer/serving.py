"""The server of a release: it is restarted, and asked until it is ready."""

import http.client
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import Server
from mercato_composition.deployment.sections import read_section
from mercato_composition.deployment.tables import deploy
from mercato_composition.faults import Command, DeploymentError, Fault, Place

READY_SECONDS = 60.0
"""How long a restarted server may take until it is ready."""

_POLL_SECONDS = 0.2
_TIMEOUT_SECONDS = 5
_SHOWN_LINES = 12
_BACK = Command((("mercato", "rollback"),), certainty="choice")
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - the addresses that are asked


@dataclass(frozen=True)
class Serving:
    """How the server of a deployment is restarted and asked.

    Args:
        name: The name of the deployment file, for messages.
        folder: The folder in which the command is run.
        restart: The command; empty if the operator restarts the server.
        server: ``[server]``.
    """

    name: str
    folder: Path
    restart: tuple[str, ...]
    server: Server

    @classmethod
    def of(cls, source: Source, folder: Path) -> "Serving":
        """Read ``[deploy]`` and ``[server]`` of a deployment that fits."""
        server, _ = read_section(Server, source, ("server",))
        return cls(
            source.name, folder, tuple(deploy(source)[0].restart), server.settings or Server()
        )

    def run_restart(self) -> None:
        """Run the command.

        Raises:
            DeploymentError: It failed (K120).
        """
        try:
            # No pipe: a server that the command starts would keep it open.
            with tempfile.TemporaryFile() as file:
                done = subprocess.run(  # noqa: S603 - the operator's own command
                    self.restart, cwd=self.folder, stdout=file, stderr=file, check=False
                )
                file.seek(0)
                output = file.read().decode(errors="replace").strip().splitlines()
        except OSError as error:
            raise self._failed(f"{self.restart[0]} cannot be run: {error.strerror}") from error
        if done.returncode:
            shown = "\n".join(output[-_SHOWN_LINES:])
            raise self._failed(f"[deploy] restart exited with {done.returncode}:\n{shown}")

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        """Ask ``/readyz`` until it answers 200.

        Raises:
            DeploymentError: It did not in *seconds* (K120).
        """
        end = time.monotonic() + seconds
        while wrong := self._ask():
            if time.monotonic() > end:
                raise self._failed(f"the server was not ready in {seconds:g} s: {wrong}")
            time.sleep(_POLL_SECONDS)

    def _ask(self) -> str | None:
        """Return why the server is not ready; None if it is."""
        host = _ANY_ADDRESS.get(self.server.host, self.server.host)
        connection = http.client.HTTPConnection(host, self.server.port, timeout=_TIMEOUT_SECONDS)
        # A server answers only to its names; `.shop.example` is that of all subdomains.
        name = self.server.hosts[0].lstrip(".") if self.server.hosts else host
        try:
            connection.request("GET", "/readyz", headers={"Host": name})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            return f"{host}:{self.server.port} does not answer ({type(error).__name__})"
        finally:
            connection.close()
        return None if answer.status == http.HTTPStatus.OK else _reason(answer.status, body)

    def _failed(self, what: str) -> DeploymentError:
        place = Place(file=self.name, path=("deploy", "restart"))
        fixes = (Command((self.restart,), certainty="choice"), _BACK)
        return DeploymentError([Fault("K120", place, what, fixes)])


def steps_of(serving: Serving) -> list[tuple[str, str, Callable[[], object]]]:
    """Return name, title and work of the steps that restart a server."""
    if not serving.restart:
        title = "restart server and worker now: [deploy] restart has no command for it"
        return [("restart", title, lambda: None)]
    restart = ("restart", f"restarting: {' '.join(serving.restart)}", serving.run_restart)
    if serving.server.port == 0:
        # The port is known to the server alone.
        return [restart]
    return [restart, ("ready", "waiting for /readyz", serving.wait_until_ready)]


def _reason(status: int, body: bytes) -> str:
    try:
        wrong = json.loads(body)["wrong"]
        return ", ".join(f"{it['check']}: {it['detail']}" for it in wrong) or str(status)
    except (ValueError, KeyError, TypeError):
        return f"/readyz answers {status}"
