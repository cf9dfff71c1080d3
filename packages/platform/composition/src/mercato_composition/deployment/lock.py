"""``pylock.toml`` (PEP 751): which bytes a deployment is made of, and which feature is whose."""

import hashlib
import platform
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import tomli_w
from packaging.pylock import PackageWheel
from packaging.pylock import Pylock
from packaging.pylock import PylockSelectError
from packaging.pylock import PylockUnsupportedVersionError
from packaging.pylock import PylockValidationError
from packaging.utils import canonicalize_name

from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault


class Binding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who a feature is: ``[tool.mercato.features.NAME]``."""

    distribution: str
    package: str


class _Ours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[tool.mercato]``."""

    requirements: tuple[str, ...]
    features: dict[str, Binding] = {}


@dataclass(frozen=True)
class Locked:
    """A wheel that the lock names for this machine."""

    name: str
    version: str
    filename: str
    url: str
    sha256: str

    @property
    def release(self) -> str:
        """Name it as messages do."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Lock:
    """What a lock says.

    Args:
        path: Its file.
        text: Its bytes.
        pylock: What the standard knows of it.
        requirements: What was resolved.
        bindings: The distribution and import package of each feature.
    """

    path: Path
    text: bytes
    pylock: Pylock
    requirements: tuple[str, ...]
    bindings: Mapping[str, Binding]

    @property
    def name(self) -> str:
        """What its environment is called: by these bytes, for this kind of interpreter."""
        kind = f"{sys.implementation.cache_tag} {sysconfig.get_platform()}"
        return hashlib.sha256(self.text + kind.encode()).hexdigest()[:12]

    def versions(self) -> dict[str, str]:
        """Return the version of each distribution that is needed on this machine."""
        return {
            package.name: str(package.version)
            for package in self.pylock.packages
            if package.marker is None or package.marker.evaluate(context="lock_file")
        }

    def misfits(self, lines: Sequence[str], name: str) -> Iterator[Fault]:
        """Report that it was made for other requirements than those of the file called *name*."""
        gone = [f"- {line}" for line in self.requirements if line not in lines]
        new = [f"+ {line}" for line in lines if line not in self.requirements]
        if gone or new:
            what = "\n".join([f"{name} names other packages than this lock:", *gone, *new])
            fix = "make it again: `mercato lock`, then `mercato install`"
            yield Fault("K114", self.path.name, what, fix)

    def wheels(self) -> list[Locked]:
        """Return what is to be installed on this machine.

        Raises:
            DeploymentError: The lock was made for another kind of machine, or names something
                that is no wheel with a hash.
        """
        try:
            return [
                _locked(package.name, str(package.version), source)
                for package, source in self.pylock.select()
            ]
        except (PylockSelectError, ValueError) as error:
            raise DeploymentError([_unusable(self.path, str(error))]) from error


def read(path: Path) -> Lock:
    """Read a lock.

    Raises:
        DeploymentError: It is not there, or not what it should be.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        what = f"{path.name} cannot be read: {error.strerror}.\nlooked for {path}"
        fix = "make it: `mercato lock`"
        raise DeploymentError([Fault("K114", path.name, what, fix)]) from error
    return parse(path, text)


def parse(path: Path, text: bytes) -> Lock:
    """Read the *text* of a lock at *path*.

    Raises:
        DeploymentError: It is not what it should be.
    """
    try:
        document = tomllib.loads(text.decode())
        pylock = Pylock.from_dict(document)
        ours = msgspec.convert((pylock.tool or {}).get("mercato"), _Ours)
    except (
        UnicodeDecodeError,
        tomllib.TOMLDecodeError,
        PylockValidationError,
        PylockUnsupportedVersionError,
        msgspec.ValidationError,
    ) as error:
        raise DeploymentError([_unusable(path, str(error))]) from error
    return Lock(path, text, pylock, ours.requirements, ours.features)


def compose(
    packages: list[dict[str, Any]],
    *,
    requirements: tuple[str, ...],
    bindings: Mapping[str, Binding],
) -> bytes:
    """Write the text of a lock.

    Args:
        packages: ``[[packages]]``, as an installer resolved them for this machine.
        requirements: What was resolved.
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
    """Name what the versions were resolved for: markers may choose others elsewhere."""
    return (
        f"implementation_name == '{sys.implementation.name}' and sys_platform == '{sys.platform}'"
        f" and platform_machine == '{platform.machine()}'"
        f" and python_version == '{sys.version_info.major}.{sys.version_info.minor}'"
    )


def _tidy(package: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a package what an install needs: wheels, never an sdist."""
    kept = {key: package[key] for key in ("name", "version", "marker") if key in package}
    kept["name"] = canonicalize_name(kept["name"])
    wheels = [
        {"url": _without_password(wheel["url"]), "hashes": {"sha256": wheel["hashes"]["sha256"]}}
        for wheel in package.get("wheels", ())
        if "sha256" in wheel["hashes"]
    ]
    return {**kept, "wheels": wheels}


def _without_password(url: str) -> str:
    place = urlsplit(url)
    return place._replace(netloc=place.netloc.rpartition("@")[2]).geturl()


def _locked(name: str, version: str, source: object) -> Locked:
    if not isinstance(source, PackageWheel):
        raise ValueError(f"{name} {version} is no wheel; only wheels are installed")  # noqa: TRY004
    sha256 = source.hashes.get("sha256", "")
    if len(sha256) != 64 or not sha256.isalnum():
        raise ValueError(f"{source.filename} has no SHA-256")
    if not source.url:
        raise ValueError(f"{source.filename} has no URL; a path is not accepted")
    return Locked(name, version, source.filename, source.url, sha256.lower())


def _unusable(path: Path, why: str) -> Fault:
    return Fault(
        "K114",
        path.name,
        f"{path.name} is no lock that can be used here: {why}.",
        "make it again: `mercato lock`",
    )


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """Say how versions by name differ: a line each."""
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield f"- {name} {old[name]}"
        elif name not in old:
            yield f"+ {name} {new[name]}"
        elif old[name] != new[name]:
            yield f"{name} {old[name]} -> {new[name]}"
