"""Rules that a wheel must pass before it is unpacked."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

from packaging.utils import canonicalize_name

from mercato_composition.deployment.lock import Binding, Locked
from mercato_composition.faults import DeploymentError, Fault, Outside, Place
from mercato_installer.clashes import clashes, some
from mercato_installer.wheel import UnreadableWheelError, Wheel, read_wheel
from mercato_kit.feature import ENTRY_POINT_GROUP
from mercato_kit.progress import Progress

OUR_PREFIX = "mercato-"
"""How the names of Mercato's distributions start; the index reserves them."""

SCRIPTS: Mapping[str, frozenset[str]] = {"mercato-composition": frozenset({"mercato"})}
"""The commands that a distribution of Mercato may install."""

EXECUTABLES: Mapping[str, frozenset[str]] = {
    "squawk-cli": frozenset({"squawk"}),
    "uv": frozenset({"uv", "uvx"}),
}
"""The programs that a library may install beside the interpreter: those that `mercato` runs."""

_LONGEST_SCRIPT = 4096
"""The bytes of a command that are searched for what it imports."""

_RUN_AT_START = ("sitecustomize", "usercustomize")
_RESERVED_SCRIPT = re.compile(r"(python|pip|uv|activate|deactivate|mercato)", re.IGNORECASE)
_SCRIPT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_TOP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.libs|-stubs|(\.[A-Za-z0-9_-]+)*\.(py|pyi|so|pyd))?")
_OURS = re.compile(r"mercato(_[a-z0-9_]+)?")
_COMPILED = re.compile(r"(.*/)?__pycache__/.*|.*\.py[co]", re.IGNORECASE)

Bindings = Mapping[str, Binding]
Rule = Callable[[Wheel, Bindings], Iterator[str]]


def read_wheels(locked: Sequence[Locked], files: Sequence[Path], progress: Progress) -> list[Wheel]:
    """Read every wheel, and compare its name and version with the lock.

    Args:
        locked: The wheels in the lock.
        files: Their files, in the same order.
        progress: Shows how many are read.

    Raises:
        DeploymentError: With a fault for each wheel that is unreadable or another release.
    """
    wheels: list[Wheel] = []
    faults: list[Fault] = []
    with progress.amounts("reading wheels", len(files), "packages") as advance:
        for one, file in zip(locked, files, strict=True):
            advance(1)
            try:
                wheel = read_wheel(file)
            except UnreadableWheelError as error:
                faults.append(_refused(one.release, file, [str(error)]))
                continue
            if (wheel.name, wheel.version) != (one.name, one.version):
                faults.append(_refused(one.release, file, [f"it is {wheel.release}"]))
            wheels.append(wheel)
    if faults:
        raise DeploymentError(faults)
    return wheels


def admit(wheels: Sequence[Wheel], bindings: Bindings) -> None:
    """Apply all rules to the wheels of one environment.

    Args:
        wheels: All wheels of the environment; two of them may conflict.
        bindings: The distribution and package of each feature.

    Raises:
        DeploymentError: With a fault for each wheel that breaks a rule.
    """
    reasons = {wheel.path: list(wheel.defects) for wheel in wheels}
    for wheel in wheels:
        for rule in _RULES:
            reasons[wheel.path] += rule(wheel, bindings)
    for wheel, reason in clashes(wheels):
        reasons[wheel.path].append(reason)
    faults = [
        _refused(wheel.release, wheel.path, reasons[wheel.path])
        for wheel in wheels
        if reasons[wheel.path]
    ]
    if faults:
        raise DeploymentError(faults)


def package_of(reference: str) -> str:
    """Return the import package of a reference such as ``mercato_x.feature:feature``."""
    return reference.partition(":")[0].partition(".")[0].strip()


def _runs_at_start(wheel: Wheel, _bindings: Bindings) -> Iterator[str]:
    for top in wheel.tops:
        if top.lower().endswith((".pth", ".egg-link")):
            yield f"it contains {top}, which Python reads at every start"
        if top.partition(".")[0].lower() in _RUN_AT_START:
            yield f"it contains {top}, which Python runs at every start"


def _lands_elsewhere(wheel: Wheel, _bindings: Bindings) -> Iterator[str]:
    allowed = EXECUTABLES.get(wheel.name, frozenset())
    admitted = {member for name, member in wheel.programs.items() if name in allowed}
    for top, members in wheel.tops.items():
        if top.lower().endswith(".data") and (outside := members - admitted):
            yield f"it contains {top}/, files that are installed outside packages: {some(outside)}"


def _compiled(wheel: Wheel, _bindings: Bindings) -> Iterator[str]:
    """Find bytecode, which Python may run instead of the source that was reviewed."""
    if found := {member for member in wheel.members if _COMPILED.fullmatch(member)}:
        yield f"it contains {some(found)}, compiled code beside or instead of sources"


def _our_names(wheel: Wheel, _bindings: Bindings) -> Iterator[str]:
    """Find import packages that are named like those of another distribution of Mercato."""
    for top in wheel.tops:
        package = top.partition(".")[0].lower()
        if _OURS.fullmatch(package) and canonicalize_name(package) != wheel.name:
            yield f"it contains {top}, a name that belongs to {canonicalize_name(package)}"


def _strays(wheel: Wheel, bindings: Bindings) -> Iterator[str]:
    """Find files outside the one package of a feature, or outside any package of a library."""
    own = _own_packages(wheel, bindings)
    for top, members in wheel.tops.items():
        # The rules above report these.
        if top.lower().endswith((".pth", ".data", ".egg-link")):
            continue
        if own is not None and top not in own:
            inside = ", ".join(sorted(own)) or "none"
            yield f"it contains {some(members)}, outside its own package ({inside})"
        elif not _TOP.fullmatch(top):
            yield f"it contains {some(members)}, outside any package"


def _scripts(wheel: Wheel, bindings: Bindings) -> Iterator[str]:
    allowed = SCRIPTS.get(wheel.name, frozenset())
    strict = _own_packages(wheel, bindings) is not None
    for entry in wheel.offered("console_scripts", "gui_scripts"):
        if entry.name in allowed:
            continue
        if strict or _RESERVED_SCRIPT.match(entry.name) or not _SCRIPT.fullmatch(entry.name):
            yield f"it installs a command that is not allowed: {entry.name!r}"
        elif hidden := _hidden_by(entry):
            yield f"it installs the command {entry.name!r}, which would hide {hidden}"


def _hidden_by(entry: EntryPoint) -> str | None:
    """Return the command of the system that a command of a wheel would hide."""
    for name in (entry.name, entry.name.lower()):
        found = shutil.which(name, path=os.defpath)
        if found is not None and not _is_same(Path(found), entry):
            return found
    return None


def _is_same(command: Path, entry: EntryPoint) -> bool:
    """Tell whether the system has this very command, for example flask, from its own packages."""
    with command.open("rb") as file:
        start = file.read(_LONGEST_SCRIPT)
    return start.startswith(b"#!") and f"from {entry.module} import".encode() in start


def _claims(wheel: Wheel, bindings: Bindings) -> Iterator[str]:
    for entry in wheel.offered(ENTRY_POINT_GROUP):
        bound = bindings.get(entry.name)
        if bound is None:
            yield f"it offers {entry.name!r}, a feature that this deployment does not name"
        elif bound.distribution != wheel.name:
            yield f"it offers the feature {entry.name!r}; the lock binds it to {bound.distribution}"
        elif bound.package != package_of(entry.value):
            yield f"it offers {entry.name!r} in {entry.value}; the lock binds it to {bound.package}"


_RULES: Sequence[Rule] = (
    _runs_at_start,
    _lands_elsewhere,
    _compiled,
    _our_names,
    _strays,
    _scripts,
    _claims,
)


def _own_packages(wheel: Wheel, bindings: Bindings) -> set[str] | None:
    """Return the packages that a wheel of Mercato or of a feature may contain; None for others."""
    own = {bound.package for bound in bindings.values() if bound.distribution == wheel.name}
    if not own and wheel.name.startswith(OUR_PREFIX):
        return {wheel.name.replace("-", "_")}
    if not own and wheel.offered(ENTRY_POINT_GROUP):
        return set()
    return own or None


def _refused(release: str, file: Path, reasons: Sequence[str]) -> Fault:
    what = "\n".join([f"{file.name} is refused, and was not unpacked:", *reasons])
    fix = "report it to its publisher, and lock another version: `mercato lock`"
    return Fault("K119", Place(name=release), what, (Outside(fix),))
