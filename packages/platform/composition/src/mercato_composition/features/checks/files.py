"""K206: files of a production deployment that other users of the machine may write or read."""

import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from mercato_composition.deployment.file import Source
from mercato_composition.deployment.places import Places
from mercato_composition.deployment.sections import secret_names, table_at
from mercato_composition.deployment.statements import ValuePath
from mercato_composition.faults import Command, Place
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.checks.unsafe import Unsafe

_HOST_SECRETS: Sequence[ValuePath] = (
    ("secret_key",),
    ("secret_key_previous",),
    ("database", "url"),
    ("redis", "url"),
    ("index", "url"),
)

_DEPLOYMENT = "files"
"""The rule about the deployment file and its lock."""

OF_HOST = (_DEPLOYMENT, *(f"{'.'.join(path)}_file" for path in _HOST_SECRETS))
"""The acceptable rules. That of a secret of the host is the key that names its file."""

_MOUNTED = Path("/run/secrets")
"""Where container engines mount secrets, readable by every user of the container."""


def safe(features: Sequence[Candidate], source: Source) -> Iterator[Unsafe]:
    """Check the deployment file, its lock and the files of secrets, with their folders."""
    if source.file is not None:
        places = Places.of(source.file)
        for file in (places.file, places.lock):
            yield from _writable(_DEPLOYMENT, file)
    for path in _secrets(features):
        *table, name = path
        named = table_at(source, tuple(table)).get(f"{name}_file")
        if named is not None:
            yield from _secret_file(_rule_of(path), Path(str(named)))


def _secrets(features: Sequence[Candidate]) -> Iterator[ValuePath]:
    """Give the path of each secret of the host and of the features."""
    yield from _HOST_SECRETS
    for feature in features:
        if feature.manifest.settings is not None:
            for name in secret_names(feature.manifest.settings):
                yield "features", feature.name, "settings", name


def _rule_of(path: ValuePath) -> str:
    return ".".join([path[1], path[-1]] if path[0] == "features" else path) + "_file"


def _secret_file(rule: str, file: Path) -> Iterator[Unsafe]:
    found = list(_writable(rule, file))
    yield from found
    if not found and _mode(file) & stat.S_IROTH and not _is_mounted(file):
        what = f"every user of this machine may read the secret in {file}."
        yield Unsafe(
            rule,
            Place(file=file.name),
            what,
            (Command((("chmod", "600", str(file)),)),),
            acceptable=True,
        )


def _writable(rule: str, file: Path) -> Iterator[Unsafe]:
    """Report a file that others may write, or replace because they may write its folder."""
    if _mode(file) & stat.S_IWOTH:
        what = f"every user of this machine may write {file}, and so choose what runs."
        yield Unsafe(rule, Place(file=file.name), what, (Command((("chmod", "o-w", str(file)),)),))
    elif not _is_mounted(file):
        yield from _replaceable(rule, file)


def _replaceable(rule: str, file: Path) -> Iterator[Unsafe]:
    for folder in {file.absolute().parent, file.resolve().parent}:
        mode = _mode(folder)
        # In a sticky folder, such as /tmp, only the owner of a file may replace it.
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            what = f"every user of this machine may replace {file}: they may write its folder."
            # The volumes of container engines have this mode, and root owns them.
            yield Unsafe(
                rule,
                Place(file=file.name),
                what,
                (Command((("chmod", "o-w", str(folder)),)),),
                acceptable=True,
            )


def _mode(path: Path) -> int:
    """Return the permissions of a file or folder; 0 if it is absent."""
    with suppress(OSError):
        return path.stat().st_mode
    return 0


def _is_mounted(file: Path) -> bool:
    """Tell whether a container engine mounted the file.

    Its files are readable by all users of the container, and its folders have any mode: the mount
    is read-only.
    """
    return file.absolute().is_relative_to(_MOUNTED) or (file.parent / "..data").is_symlink()
