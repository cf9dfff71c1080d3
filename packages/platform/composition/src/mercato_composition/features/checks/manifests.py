"""K105, K106, K107, K118, K129: the rules that one manifest must follow by itself."""

import re
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import distribution, version
from typing import Any, get_args

import click
import flask
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from sqlalchemy.orm import InstrumentedAttribute

from mercato_composition.faults import Fault, Outside
from mercato_composition.features import conditional
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.discovery import maintainers_of
from mercato_composition.features.hints import Misfit, describe, misfits
from mercato_composition.features.reserved import reserved_names
from mercato_kit.contracts import has_many, remote_methods
from mercato_kit.feature import Feature, Gauge
from mercato_kit.policies import anyone
from mercato_kit.privacy import Handling
from mercato_kit.privacy.personal_data import unclassified

_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}", re.ASCII)

_GROUP = re.compile(r"[a-z][a-z0-9_-]{0,29}", re.ASCII)

_NAME_RULE = "lower-case letters, digits and _, at most 30 characters"


def well_formed(feature: Candidate) -> Iterator[Fault]:
    """Check the types and ranges in each manifest, and its references to others (K106)."""
    fix = f"tell its maintainers{_address(feature)}"
    wrong = list(misfits(feature.manifest, Feature)) or _mistakes(feature.manifest)
    for field, value, expected in wrong:
        is_plain = isinstance(value, flask.Blueprint)
        why = "; a plain Flask blueprint states no policies" if is_plain else ""
        yield feature.fault(
            "K106", f"{field} is {value!r}; expected {expected}{why}.", Outside(fix)
        )


def decorators(feature: Candidate) -> Iterator[Fault]:
    """Check that what a feature decorates has one answer (K106)."""
    for number, one in enumerate(feature.manifest.decorates):
        if has_many(one.contract):
            made = getattr(one.factory, "__name__", "…")
            what = (
                f"decorates[{number}]: {one.id} has many answers; "
                "only a contract with one can be decorated."
            )
            instead = f'Offer({one.contract.__name__}, "{one.version}", {made})'
            fix = f"tell the maintainers of {feature.release}: {instead}"
            yield feature.fault("K106", what, Outside(fix))


def names(feature: Candidate) -> Iterator[Fault]:
    """Check the names of features and of their tables (K107)."""
    name = feature.name
    if not _NAME.fullmatch(name) or name.endswith("_"):
        what = f"{name!r} is not a valid feature name: {_NAME_RULE}."
        yield feature.fault("K107", what, Outside("rename it, for example 'gift_cards'"))
    elif name in reserved_names():
        what = f"{name!r} is reserved."
        yield feature.fault("K107", what, Outside("rename it, for example 'gift_cards'"))
    for group in sorted(feature.manifest.groups.keys() & (reserved_names() - {name})):
        what = f"its group of commands {group!r} has a name that is reserved."
        yield feature.fault("K107", what, Outside("rename the group"))
    for table in _tables_of(feature.manifest):
        if not table.startswith(f"{name}_"):
            what = f"its table {table!r} does not start with '{name}_'."
            fix = f"rename the table, for example '{name}_{table.rpartition('_')[2]}'"
            yield feature.fault("K107", what, Outside(fix))


def kit_ranges(feature: Candidate) -> Iterator[Fault]:
    """Check that each feature was built for the kit that runs (K105)."""
    running = version("mercato-kit")
    if feature.kit is None or SpecifierSet(feature.kit).contains(running, prereleases=True):
        return
    what = (
        f"was built for mercato-kit {feature.kit}; this host runs mercato-kit {running}.\n"
        "nothing was started with it left out"
    )
    fix = f"install a release of {feature.distribution or feature.name} that fits the kit"
    yield feature.fault("K105", what, Outside(f"{fix}, or the kit it was built for"))


def migrations_packed(feature: Candidate) -> Iterator[Fault]:
    """Check that declared migrations are inside the wheel (K118)."""
    folder = feature.manifest.migrations
    if folder is not None and not any(folder.glob("*.py")):
        what = f"declares migrations, and there are none in {folder}."
        fix = 'build the wheel with them: [tool.hatch.build.targets.wheel] packages = ["src/…"]'
        yield feature.fault("K118", what, Outside(fix))


def classified(feature: Candidate) -> Iterator[Fault]:
    """Check that the manifest says of each column what becomes of a person's data (K129)."""
    data = feature.manifest.personal_data
    if missing := unclassified(feature.manifest.metadata, data.columns if data else {}):
        what = f"personal_data does not say what becomes of {', '.join(missing)}."
        fix = 'add each to columns(erase=[…], keep=[…], hold=[…], none=[…]) in "privacy.py"'
        yield feature.fault("K129", what, Outside(fix))


def _address(feature: Candidate) -> str:
    return maintainers_of(distribution(feature.distribution)) if feature.distribution else ""


def _mistakes(manifest: Feature) -> Iterator[Misfit]:
    """Give what is wrong in a manifest whose types are right."""
    yield from _wrong_versions(manifest)
    yield from _wrong_answers(manifest)
    # The name identifies a handler or a job, so of two with one name, one would be lost.
    yield from _twice("handles", [handler.name for handler in manifest.handles])
    yield from _twice("jobs", [job.name for job in manifest.jobs])
    if not isinstance(manifest.cli, click.Group):
        yield from _wrong_names("cli", manifest.cli or (), _GROUP, "lower-case letters, digits, -")
    yield from _wrong_names("gauges", manifest.gauges, _NAME, _NAME_RULE)
    for number, glue in enumerate(manifest.glue):
        for part, value, expected in conditional.mistakes(glue):
            yield f"glue[{number}].{part}", value, expected
    yield from _wrong_references(manifest)
    yield from _wrong_personal_data(manifest)
    yield from _wrong_expansions(manifest)


def _wrong_versions(manifest: Feature) -> Iterator[Misfit]:
    if manifest.kit is not None and not _parses(SpecifierSet, manifest.kit):
        yield "kit", manifest.kit, "a PEP 440 range such as '>=1.0,<2'"
    for number, need in enumerate(manifest.needs):
        if not _parses(SpecifierSet, need.versions):
            yield f"needs[{number}].versions", need.versions, "a PEP 440 range such as '>=1,<2'"
    for number, offer in enumerate(manifest.offers):
        if not _parses(Version, offer.version):
            yield f"offers[{number}].version", offer.version, "a PEP 440 version such as '1.0'"
    for number, one in enumerate(manifest.decorates):
        if not _parses(Version, one.version):
            yield f"decorates[{number}].version", one.version, "a PEP 440 version such as '1.0'"


def _wrong_answers(manifest: Feature) -> Iterator[Misfit]:
    """Give what is wrong in needs, offers and decorators, beside their versions."""
    for number, need in enumerate(manifest.needs):
        if need.at_least < 0:
            yield f"needs[{number}].at_least", need.at_least, "0 or more"
    for number, offer in enumerate(manifest.offers):
        if offer.name is not None and not _is_name(offer.name):
            yield f"offers[{number}].name", offer.name, f"a name: {_NAME_RULE}"
        if offer.remote and not remote_methods(offer.contract):
            none = f"False: no method of {offer.id} may ask another machine"
            yield f"offers[{number}].remote", offer.remote, none
    decorated = [one.contract for one in manifest.decorates]
    for number, contract in enumerate(decorated):
        if contract in decorated[:number]:
            yield f"decorates[{number}].contract", contract, "a contract that it decorates once"


def _is_name(name: str) -> bool:
    fits = _NAME.fullmatch(name) is not None and not name.endswith("_")
    return fits and name not in reserved_names()


def _wrong_references(manifest: Feature) -> Iterator[Misfit]:
    offered = {offer.contract for offer in manifest.offers}
    columns: list[tuple[str, InstrumentedAttribute[Any]]] = []
    for number, referent in enumerate(manifest.referents):
        columns.append((f"referents[{number}]", referent.column))
        # A contract has one owner, so a word has one too.
        if referent.contract not in offered:
            yield f"referents[{number}].contract", referent.contract, "a contract that it offers"
    for number, reference in enumerate(manifest.references):
        columns.append((f"references[{number}]", reference.column))
    for field, column in columns:
        if not _is_own(manifest, column):
            yield f"{field}.column", column, "a column of its own tables"


def _wrong_personal_data(manifest: Feature) -> Iterator[Misfit]:
    data = manifest.personal_data
    if data is None:
        return
    for attribute, handling in data.columns.items():
        field = f"personal_data.columns[{attribute}]"
        if not _is_own(manifest, attribute):
            yield field, handling, "columns of its own tables alone"
        elif handling not in get_args(Handling):
            yield field, handling, describe(Handling)
    has_some = {"erase", "hold"} & set(data.columns.values())
    for name in ("export", "erase") if has_some else ():
        if getattr(data, name) is None:
            yield f"personal_data.{name}", None, "a function: it has data of persons"


def _wrong_expansions(manifest: Feature) -> Iterator[Misfit]:
    for number, one in enumerate(manifest.expansions):
        if not _NAME.fullmatch(one.name):
            yield f"expansions[{number}].name", one.name, "lower-case letters, digits and _"
        # A cache gives a public answer to all guests.
        if one.public and one.allow.name != anyone.name:
            yield f"expansions[{number}].allow", one.allow.name, "anyone, because it is public"


def _wrong_names(
    field: str, parts: Sequence[click.Group | Gauge], pattern: re.Pattern[str], rule: str
) -> Iterator[Misfit]:
    """Give names that are missing, malformed or given twice."""
    names_ = [str(part.name) for part in parts]
    for number, name in enumerate(names_):
        if not pattern.fullmatch(name):
            yield f"{field}[{number}].name", name, rule
    yield from _twice(field, names_)


def _twice(field: str, names_: Sequence[str]) -> Iterator[Misfit]:
    for number, name in enumerate(names_):
        if name in names_[:number]:
            yield f"{field}[{number}].name", name, "a name of its own"


def _is_own(manifest: Feature, column: InstrumentedAttribute[Any]) -> bool:
    table = getattr(column.class_, "__table__", None)
    return manifest.metadata is not None and getattr(table, "metadata", None) is manifest.metadata


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except (InvalidSpecifier, InvalidVersion):
        return False
    return True


def _tables_of(manifest: Feature) -> list[str]:
    return sorted(manifest.metadata.tables) if manifest.metadata is not None else []
