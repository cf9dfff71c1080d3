"""The arguments of ``nox -s publish --``."""

import argparse
import os
from urllib.parse import urlsplit

# The simple API of each known upload URL.
KNOWN = {
    "https://upload.pypi.org/legacy/": "https://pypi.org/simple/",
    "https://test.pypi.org/legacy/": "https://test.pypi.org/simple/",
}
HELP = """
Builds the tag twice, in two clean worktrees, and checks that both are identical, byte by byte, and
complete. Prints what it would upload; with --to, uploads it and compares the index with it. A tag
of the platform publishes all of its distributions.

    nox -s publish -- orders-v1.2.0
    nox -s publish -- orders-v1.2.0 --local
    nox -s publish -- orders-v1.2.0 --to https://upload.pypi.org/legacy/

Credentials are those of `uv publish`: UV_PUBLISH_TOKEN, or UV_PUBLISH_USERNAME and
UV_PUBLISH_PASSWORD, or a keyring (UV_KEYRING_PROVIDER=subprocess). GitHub Actions needs none for
PyPI, which trusts the workflow.

If it was interrupted, run it again: nothing is uploaded twice.
"""


def read_arguments(words: list[str]) -> argparse.Namespace:
    """Parse the arguments; exit with the mistakes in them, or with the help."""
    parser = argparse.ArgumentParser(
        prog="nox -s publish --",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tag", help="the tag to publish, e.g. orders-v1.2.0")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--to", metavar="URL", help="upload to this URL, or to `local`")
    where.add_argument(
        "--local", action="store_const", const="local", dest="to", help="upload to var/index"
    )
    parser.add_argument(
        "--index",
        metavar="URL",
        default=None,
        help="the simple API of the index. Default: that of PyPI for PyPI, else MERCATO_INDEX",
    )
    options = parser.parse_args(words)
    for url in (options.to, options.index):
        if url and urlsplit(url).password:
            parser.error("a URL on a command line must not contain a password; see --help")
    if options.to != "local":
        options.index = options.index or KNOWN.get(options.to) or os.environ.get("MERCATO_INDEX")
    if options.to and options.to != "local" and not options.index:
        parser.error("--index is also needed, to compare the index with the upload")
    return options
