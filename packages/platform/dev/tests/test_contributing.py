"""The sessions in CONTRIBUTING.md, docs and pre-commit exist."""

import re
import subprocess
import sys

from .orchard import ROOT

PAGES = [ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md"), ROOT / ".pre-commit-config.yaml"]
COMMAND = re.compile(r"(?:^ *|entry: |`|\.venv/bin/)nox -s ([^#`\n]+)", re.MULTILINE)
COMMANDS = [command for page in PAGES for command in COMMAND.findall(page.read_text())]


def names_in(command):
    """Return the sessions that a command names, without the arguments behind ``--``."""
    words = command.partition(" -- ")[0]
    return re.findall(r'"([^"]+)"|(\S+)', words)


class TestContributing:
    def test_names_existing_sessions(self):
        """Every session in the documentation exists."""
        listing = [sys.executable, "-m", "nox", "--list"]
        listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
        sessions = re.findall(r"^[*-] (\S+)", listed.stdout, re.MULTILINE)
        known = {*sessions, *(one.partition("(")[0] for one in sessions)}

        named = {quoted or plain for command in COMMANDS for quoted, plain in names_in(command)}

        assert {"gates(orders)", "release", "publish", "rehearse", "bench", "types"} <= named
        assert named <= known
