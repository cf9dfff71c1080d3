"""Brings wheels from the index to this machine, and refuses bytes that were not locked."""

import base64
import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from mercato_composition.deployment.lock import Locked
from mercato_composition.deployment.tables import is_safe_url
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault

_AT_ONCE = 4
_TIMEOUT_SECONDS = 60
_LARGEST_BYTES = 1 << 30
_CHUNK_BYTES = 1 << 20


class _NotFetchedError(Exception):
    """Why a wheel could not be fetched."""


def fetch(
    wheels: Sequence[Locked],
    store: Path,
    *,
    index: str | None,
    on_progress: Callable[[str], None],
) -> list[Path]:
    """Fetch what is not there yet.

    Args:
        wheels: What the lock names.
        store: Where fetched wheels are kept, by hash. What is there need not be fetched again.
        index: The index; the name and password in its URL are for its own host alone.
        on_progress: Told of each wheel that was fetched.

    Returns:
        Their files, in the order of *wheels*.

    Raises:
        DeploymentError: With every wheel that is not to be had, or is another.
    """
    faults: list[Fault] = []
    missing = [wheel for wheel in wheels if not _is_there(wheel, store)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting = [pool.submit(_fetch, wheel, store, index) for wheel in missing]
        for number, (wheel, fetched) in enumerate(zip(missing, waiting, strict=True), start=1):
            try:
                fetched.result()
                on_progress(f"fetched {number} of {len(missing)}: {wheel.filename}")
            except _NotFetchedError as error:
                faults.append(_fault(wheel, str(error)))
    if faults:
        raise DeploymentError(faults)
    return [_place(wheel, store) for wheel in wheels]


def _place(wheel: Locked, store: Path) -> Path:
    return store / wheel.sha256 / Path(wheel.filename).name


def _is_there(wheel: Locked, store: Path) -> bool:
    file = _place(wheel, store)
    if not file.is_file():
        return False
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == wheel.sha256


def _fetch(wheel: Locked, store: Path, index: str | None) -> None:
    if not is_safe_url(wheel.url):
        raise _NotFetchedError("its URL is not https (or http on this machine).")
    target = _place(wheel, store)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            found = _download(_request(wheel.url, index), file.write)
        if found != wheel.sha256:
            raise _NotFetchedError(
                f"its bytes are not those that were locked.\nlocked {wheel.sha256}\nfound  {found}"
            )
        part.replace(target)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _download(request: urllib.request.Request, write: Callable[[bytes], object]) -> str:
    """Write the answer, and return its SHA-256."""
    digest = hashlib.sha256()
    size = 0
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            while chunk := answer.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > _LARGEST_BYTES:
                    raise _NotFetchedError(f"it is larger than {_LARGEST_BYTES} bytes.")
                digest.update(chunk)
                write(chunk)
    except urllib.error.HTTPError as error:
        error.close()
        raise _NotFetchedError(f"the index answers {error.code} {error.reason}.") from error
    except (OSError, http.client.HTTPException) as error:
        raise _NotFetchedError(f"the index does not answer: {type(error).__name__}.") from error
    return digest.hexdigest()


def _request(url: str, index: str | None) -> urllib.request.Request:
    place = urllib.parse.urlsplit(url)
    own = urllib.parse.urlsplit(index or "")
    host = place.netloc.rpartition("@")[2]
    request = urllib.request.Request(place._replace(netloc=host).geturl())  # noqa: S310
    if own.username and own.netloc.rpartition("@")[2] == host:
        user, password = map(urllib.parse.unquote, (own.username, own.password or ""))
        secret = base64.b64encode(f"{user}:{password}".encode()).decode()
        # Unlike other headers, this one does not follow a redirect to another host.
        request.add_unredirected_header("Authorization", f"Basic {secret}")
    return request


def _fault(wheel: Locked, why: str) -> Fault:
    what = f"{wheel.filename} was not fetched: {why}"
    fix = "ask whoever keeps the index; if the new bytes are right, lock them: `mercato lock`"
    return Fault("K119", wheel.release, what, fix)
