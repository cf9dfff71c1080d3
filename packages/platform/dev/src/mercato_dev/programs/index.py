"""List the files of a distribution in a package index, or download one.

It runs with the Python of an environment that has pypi-simple. The URL of the index is in the
environment variable ``INDEX_URL``: it may contain a password, and every user of the machine can
read command lines.
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
    """Run the program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("distribution")
    parser.add_argument("--fetch", help="name of the file to download")
    parser.add_argument("--into", type=Path, help="folder for the file")
    options = parser.parse_args()
    try:
        with PyPISimple(os.environ["INDEX_URL"]) as index:
            for scheme in ("http://", "https://"):
                index.s.mount(scheme, BoundedAdapter())
            files = find_files(index, options.distribution)
            if options.fetch:
                fetch(index, files, options.fetch, options.into)
            else:
                sys.stdout.write(json.dumps([describe(file) for file in files]))
    except (requests.RequestException, UnsupportedContentTypeError) as error:
        sys.exit(f"The index cannot be asked for {options.distribution}: {explain(error)}.")


def find_files(index: PyPISimple, name: str) -> list[DistributionPackage]:
    """Return the files of a distribution; an empty list if the index does not know it.

    Raises:
        requests.RequestException: The index does not answer, or is not an index.
        UnsupportedContentTypeError: The response is not a list of files.
    """
    try:
        return index.get_project_page(name, timeout=TIMEOUT_SECONDS).packages
    except NoSuchProjectError:
        # A wrong URL answers 404, too. Check that the index exists; its list of projects may be
        # long, so do not read it.
        page = index.s.get(
            index.endpoint, stream=True, timeout=TIMEOUT_SECONDS, headers={"Accept": index.accept}
        )
        page.raise_for_status()
        return []


def describe(file: DistributionPackage) -> dict[str, object]:
    """Return what sessions need to know about a file."""
    return {
        "name": file.filename,
        "version": file.version,
        "sha256": file.digests.get("sha256"),
        "requires_python": file.requires_python,
        "yanked": file.is_yanked,
    }


def fetch(index: PyPISimple, files: list[DistributionPackage], name: str, folder: Path) -> None:
    """Download the file *name*, and check its hash."""
    wanted = [file for file in files if file.filename == name]
    if not wanted:
        sys.exit(f"The index has no {name}.")
    try:
        index.download_package(wanted[0], folder / name, timeout=TIMEOUT_SECONDS, progress=Limit)
    except (DigestMismatchError, NoDigestsError):
        sys.exit(f"{name} does not have the hash in the index, or the index has no hash.")


def explain(error: Exception) -> str:
    """Return what went wrong without the URL, which may contain a password."""
    if isinstance(error, requests.HTTPError):
        return f"it answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, UnsupportedContentTypeError):
        return f"it answers with {error.content_type} instead of a list of files"
    if isinstance(error, TooLargeError):
        return "its answer is too large"
    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUT_SECONDS} seconds"
    return "no connection"


if __name__ == "__main__":
    main()
