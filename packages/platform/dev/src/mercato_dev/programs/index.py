"""Asks a package index, as every installer does, what it has of a distribution; and takes files.

Run by the commands with the Python of an environment that holds pypi-simple. The address of the
index comes in the environment variable ``INDEX_URL``: it may have a password in it, which a command
line would show to everybody on the machine.
"""

import argparse
import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import requests
from pypi_simple import (
    DigestMismatchError,
    DistributionPackage,
    NoDigestsError,
    NoSuchProjectError,
    PyPISimple,
    UnsupportedContentTypeError,
)
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

TIMEOUT_SECONDS = 30
MOST_PAGE_BYTES = 32 << 20
MOST_FILE_BYTES = 100 << 20
"""The largest page, once it is decompressed, and the largest file: the limit of PyPI."""


class TooLargeError(requests.RequestException):
    """A response has more bytes than its limit."""


class BoundedAdapter(HTTPAdapter):
    """Reads a page up to its limit only. Files are streamed, and have a :class:`Limit`."""

    def send(self, request: Any, stream: bool = False, **options: Any) -> requests.Response:  # type: ignore[override]  # noqa: FBT001, FBT002 - as requests calls it
        """Send a request, and read the page."""
        response = super().send(request, stream=True, **options)
        # requests reads the whole body of a redirect, also when it streams.
        if not stream or response.is_redirect:
            response.raw = io.BytesIO(read(response))
        return response


class Limit(contextlib.nullcontext["Limit"]):
    """Ends the download of a file that has more bytes than the limit."""

    def __init__(self, _announced: int | None) -> None:
        super().__init__(self)
        self.left = MOST_FILE_BYTES

    def update(self, increment: int) -> None:
        """Count the bytes of a chunk.

        Raises:
            TooLargeError: They are too many.
        """
        self.left -= increment
        if self.left < 0:
            raise TooLargeError


def read(response: requests.Response) -> bytes:
    """Return the decompressed body of a page.

    Raises:
        TooLargeError: It is larger than the limit.
        requests.ConnectionError: It is incomplete, or its compression is broken.
    """
    body = bytearray()
    with response:
        try:
            for chunk in response.raw.stream(1 << 16, decode_content=True):
                body += chunk
                if len(body) > MOST_PAGE_BYTES:
                    raise TooLargeError
        except HTTPError as error:
            raise requests.ConnectionError from error
    return bytes(body)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("distribution")
    parser.add_argument("--fetch", help="the name of a file of it")
    parser.add_argument("--into", type=Path, help="the folder where the file goes")
    wanted = parser.parse_args()

    try:
        with PyPISimple(os.environ["INDEX_URL"]) as index:
            for scheme in ("http://", "https://"):
                index.s.mount(scheme, BoundedAdapter())
            files = find_files(index, wanted.distribution)
            if wanted.fetch:
                fetch(index, files, wanted.fetch, wanted.into)
            else:
                sys.stdout.write(json.dumps([describe(file) for file in files]))
    except (requests.RequestException, UnsupportedContentTypeError) as error:
        sys.exit(f"The index cannot be asked for {wanted.distribution}: {explain(error)}.")


def find_files(index: PyPISimple, name: str) -> list[DistributionPackage]:
    """Find the files of a distribution; of one that the index does not know there are none.

    Raises:
        requests.RequestException: The index does not answer, or is none.
        UnsupportedContentTypeError: It answers with something else than a list of files.
    """
    try:
        return index.get_project_page(name, timeout=TIMEOUT_SECONDS).packages
    except NoSuchProjectError:
        # Of an address with a slip of the pen, everything is unknown. The list of all projects can
        # be long: its first bytes say enough.
        page = index.s.get(
            index.endpoint, stream=True, timeout=TIMEOUT_SECONDS, headers={"Accept": index.accept}
        )
        page.raise_for_status()
        return []


def describe(file: DistributionPackage) -> dict[str, object]:
    """Say of a file what the commands ask for."""
    return {
        "name": file.filename,
        "version": file.version,
        "sha256": file.digests.get("sha256"),
        "requires_python": file.requires_python,
        "yanked": file.is_yanked,
    }


def fetch(index: PyPISimple, files: list[DistributionPackage], name: str, folder: Path) -> None:
    """Take one file, and compare it with the hash that the index says it has."""
    wanted = [file for file in files if file.filename == name]
    if not wanted:
        sys.exit(f"The index has no {name}.")
    try:
        index.download_package(wanted[0], folder / name, timeout=TIMEOUT_SECONDS, progress=Limit)
    except (DigestMismatchError, NoDigestsError):
        sys.exit(f"{name} is not what the index says it is: its hash is another, or there is none.")


def explain(error: Exception) -> str:
    """Say what went wrong, without the address: it may have a password in it."""
    if isinstance(error, requests.HTTPError):
        return f"it answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, UnsupportedContentTypeError):
        return f"it answers with {error.content_type}, and not with a list of files"
    if isinstance(error, TooLargeError):
        return "its answer is too large"
    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUT_SECONDS} seconds"
    return "there is no connection to it"


if __name__ == "__main__":
    main()
