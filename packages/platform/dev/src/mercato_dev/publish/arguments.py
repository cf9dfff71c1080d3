"""What can be typed behind ``nox -s publish --``."""

import argparse
import os
from urllib.parse import urlsplit

# Where uploads go, and where installers find them.
KNOWN = {
    "https://upload.pypi.org/legacy/": "https://pypi.org/simple/",
    "https://test.pypi.org/legacy/": "https://test.pypi.org/simple/",
}
HELP = """
Builds the tag twice, in two clean worktrees, and checks that both are the same, byte for byte, and
hold what they should. Says what it would upload; with --to, uploads it, and reads it back. A tag
of the platform publishes all of its distributions.

    nox -s publish -- orders-v1.2.0
    nox -s publish -- orders-v1.2.0 --local
    nox -s publish -- orders-v1.2.0 --to https://upload.pypi.org/legacy/

Credentials come from the environment, as `uv publish` knows them: UV_PUBLISH_TOKEN, or
UV_PUBLISH_USERNAME and UV_PUBLISH_PASSWORD, or a keyring (UV_KEYRING_PROVIDER=subprocess). In
GitHub Actions, PyPI trusts the workflow itself, and none are needed.

When it was interrupted, run it again: what has arrived is not sent twice.
"""


def read_arguments(words: list[str]) -> argparse.Namespace:
    """Read what is to be published, and where."""
    parser = argparse.ArgumentParser(
        prog="nox -s publish --",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tag", help="what is published: orders-v1.2.0")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--to", metavar="URL", help="where to upload it; or `local`")
    where.add_argument(
        "--local", action="store_const", const="local", dest="to", help="upload it to var/index"
    )
    parser.add_argument(
        "--index",
        metavar="URL",
        default=None,
        help="where installers find it (the simple API); known of PyPI, else MERCATO_INDEX",
    )
    wanted = parser.parse_args(words)
    for url in (wanted.to, wanted.index):
        if url and urlsplit(url).password:
            parser.error("a password has no place on a command line; see --help")
    if wanted.to != "local":
        wanted.index = wanted.index or KNOWN.get(wanted.to) or os.environ.get("MERCATO_INDEX")
    if wanted.to and wanted.to != "local" and not wanted.index:
        parser.error("--index is needed, too: where can be read what was uploaded?")
    return wanted
