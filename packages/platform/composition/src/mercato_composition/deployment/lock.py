"""Read and write ``pylock.toml`` (PEP 751): a deployment's wheels, and who brings a feature."""

import hashlib
import platform
import sys
import sysconfig
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
import tomli_w
from packaging.utils import canonicalize_name

from mercato_composition.faults import DeploymentError, Fault, Place, mercato

# It is imported where a lock is read: most processes only name the commands below.
if TYPE_CHECKING:
    from packaging.pylock import Pylock

LOCK_AND_INSTALL = mercato("lock", then=("install",))
"""What brings a package that the lock does not name."""

INSTALL = mercato("install")
"""What brings a package that the lock names."""


class Binding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Distribution and package of a feature: ``[tool.mercato.features.NAME]``."""

    distribution: str
    package: str


class _MercatoTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[tool.mercato]``."""

    requirements: tuple[str, ...]
    features: dict[str, Binding] = {}


@dataclass(frozen=True)
class Locked:
    """A wheel that the lock selects for this machine. ``size`` is its bytes, if they are known."""

    name: str
    version: str
    filename: str
    url: str
    sha256: str
    size: int | None = None

    @property
    def release(self) -> str:
        """The wheel's name and version, for messages."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Lock:
    """A lock file.

    Args:
        path: Its path.
        text: Its bytes.
        pylock: Its standard part.
        requirements: The requirements that were resolved, in PEP 508 form.
        bindings: The distribution and import package of each feature.
    """

    path: Path
    text: bytes
    pylock: "Pylock"
    requirements: tuple[str, ...]
    bindings: Mapping[str, Binding]

    @property
    def name(self) -> str:
        """The name of its environment: a hash of the lock and the kind of interpreter."""
        kind = f"{sys.implementation.cache_tag} {sysconfig.get_platform()}"
        return hashlib.sha256(self.text + kind.encode()).hexdigest()[:12]

    def versions(self) -> dict[str, str]:
        """Return the version of each distribution needed on this machine, by name."""
        return {
            package.name: str(package.version)
            for package in self.pylock.packages
            if package.marker is None or package.marker.evaluate(context="lock_file")
        }

    def misfits(self, lines: Sequence[str], name: str) -> Iterator[Fault]:
        """Report if the lock was made for other requirements than *lines*, of the file *name*."""
        removed = [f"- {line}" for line in self.requirements if line not in lines]
        added = [f"+ {line}" for line in lines if line not in self.requirements]
        if removed or added:
            what = "\n".join([f"{name} names other packages than this lock:", *removed, *added])
            yield Fault("K114", Place(file=self.path.name), what, (LOCK_AND_INSTALL,))

    def wheels(self) -> list[Locked]:
        """Return the wheels to install on this machine.

        Raises:
            DeploymentError: The lock was made for another kind of machine, or has a package
                without a hashed wheel.
        """
        from packaging.pylock import PylockSelectError  # noqa: PLC0415

        try:
            return [
                _locked(package.name, str(package.version), source)
                for package, source in self.pylock.select()
            ]
        except (PylockSelectError, ValueError) as error:
            raise DeploymentError([_unusable(self.path, str(error))]) from error


def read(path: Path) -> Lock:
    """Read a lock file.

    Raises:
        DeploymentError: The file cannot be read, or is not a valid lock.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        what = f"{path.name} cannot be read: {error.strerror}.\nlooked for {path}"
        raise DeploymentError(
            [Fault("K114", Place(file=path.name), what, (mercato("lock"),))]
        ) from error
    return parse(path, text)


def parse(path: Path, text: bytes) -> Lock:
    """Parse the *text* of the lock at *path*.

    Raises:
        DeploymentError: It is not a valid lock.
    """
    from packaging.pylock import (  # noqa: PLC0415
        Pylock,
        PylockUnsupportedVersionError,
        PylockValidationError,
    )

    try:
        document = tomllib.loads(text.decode())
        pylock = Pylock.from_dict(document)
        table = msgspec.convert((pylock.tool or {}).get("mercato"), _MercatoTable)
    except (
        UnicodeDecodeError,
        tomllib.TOMLDecodeError,
        PylockValidationError,
        PylockUnsupportedVersionError,
        msgspec.ValidationError,
    ) as error:
        raise DeploymentError([_unusable(path, str(error))]) from error
    return Lock(path, text, pylock, table.requirements, table.features)


def compose(
    packages: list[dict[str, Any]],
    *,
    requirements: tuple[str, ...],
    bindings: Mapping[str, Binding],
) -> bytes:
    """Return the text of a lock, in UTF-8.

    Args:
        packages: ``[[packages]]``, as an installer resolved them for this machine.
        requirements: The requirements that were resolved, in PEP 508 form.
        bindings: The distribution and import package of each feature.
    """
    document = {
        "lock-version": "1.0",
        "environments": [_this_machine()],
        "created-by": "mercato",
        "packages": [_tidy(package) for package in sorted(packages, key=lambda it: it["name"])],
        "tool": {
            "mercato": {
                "requirements": list(requirements),
                "features": {
                    name: {"distribution": one.distribution, "package": one.package}
                    for name, one in sorted(bindings.items())
                },
            }
        },
    }
    return tomli_w.dumps(document).encode()


def _this_machine() -> str:
    """Return the marker of this machine: versions may be resolved differently elsewhere."""
    return (
        f"implementation_name == '{sys.implementation.name}' and sys_platform == '{sys.platform}'"
        f" and platform_machine == '{platform.machine()}'"
        f" and python_version == '{sys.version_info.major}.{sys.version_info.minor}'"
    )


def _tidy(package: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a package that an install needs: wheels, never an sdist."""
    kept = {key: package[key] for key in ("name", "version", "marker") if key in package}
    kept["name"] = canonicalize_name(kept["name"])
    wheels = [
        {
            "url": _without_password(wheel["url"]),
            **({"size": wheel["size"]} if "size" in wheel else {}),
            "hashes": {"sha256": wheel["hashes"]["sha256"]},
        }
        for wheel in package.get("wheels", ())
        if "sha256" in wheel["hashes"]
    ]
    return {**kept, "wheels": wheels}


def _without_password(url: str) -> str:
    place = urlsplit(url)
    return place._replace(netloc=place.netloc.rpartition("@")[2]).geturl()


def _locked(name: str, version: str, source: object) -> Locked:
    from packaging.pylock import PackageWheel  # noqa: PLC0415

    if not isinstance(source, PackageWheel):
        raise ValueError(f"{name} {version} has no wheel; only wheels are installed")  # noqa: TRY004
    sha256 = source.hashes.get("sha256", "")
    if len(sha256) != 64 or not sha256.isalnum():
        raise ValueError(f"{source.filename} has no SHA-256")
    if not source.url:
        raise ValueError(f"{source.filename} has no URL; a path is not accepted")
    return Locked(name, version, source.filename, source.url, sha256.lower(), source.size)


def _unusable(path: Path, why: str) -> Fault:
    return Fault(
        "K114",
        Place(file=path.name),
        f"{path.name} cannot be used as a lock here: {why}.",
        (mercato("lock"),),
    )


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """Give a line for each name whose version differs."""
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield f"- {name} {old[name]}"
        elif name not in old:
            yield f"+ {name} {new[name]}"
        elif old[name] != new[name]:
            yield f"{name} {old[name]} -> {new[name]}"
