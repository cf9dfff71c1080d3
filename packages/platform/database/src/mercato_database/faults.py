"""Faults of a database: pending or failed migrations, differing tables, a held lock."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, quote_plus

import sqlalchemy as sa

from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_database.history import Pending, histories, pending
from mercato_database.plan import Refusal, empty_database, is_absent, plan
from mercato_kit import transactions

if TYPE_CHECKING:
    from mercato_database.locks import LockHeldError
    from mercato_database.runner import MigrationFailedError, UpgradeRefusedError

Severity = Literal["error", "warning"]

_UPGRADE = "mercato db upgrade"


def database_faults(engine: sa.Engine, features: Sequence[Candidate]) -> list[Fault]:
    """Return the faults that keep *features* from working with a database.

    Args:
        engine: An engine for the database.
        features: The features in dependency order.
    """
    if is_absent(engine):
        engine = empty_database()
    manifests = [feature.manifest for feature in features]
    try:
        with transactions.reading(), engine.connect() as connection:
            refusals = plan(connection, histories(manifests), contract=True).refusals
            found = pending(connection, manifests)
    except sa.exc.DBAPIError as error:
        return [unreachable(engine.url, error)]
    explained = {refusal.feature for refusal in refusals}
    return [
        *(refusal_fault(refusal, features) for refusal in refusals),
        *(pending_fault(item, features) for item in found if item.feature not in explained),
    ]


def pending_fault(item: Pending, features: Sequence[Candidate]) -> Fault:
    """Return the fault of a feature with pending migrations (K302) or newer tables (K303).

    It is a warning if the wheel runs on the tables as they are.
    """
    where = _where(item.feature, features)
    if not item.count:
        return _ahead(item, where)
    state = "it has no tables yet" if item.current is None else f"its tables are at {item.current}"
    counted = "1 migration is" if item.count == 1 else f"{item.count} migrations are"
    what = f"{state}; this version needs {item.head}: {counted} pending."
    fix = f"{_UPGRADE} --contract" if item.needs_contract else _UPGRADE
    if item.runs:
        what = (
            f"{state}; this version runs on them. "
            f"The pending migrations up to {item.head} only remove what older versions use."
        )
        fix = f"when no older version runs any more: {_UPGRADE} --contract"
    elif item.contracts:
        what += f"\nmigrations that remove what the previous version still uses: {item.contracts}"
    severity: Severity = "warning" if item.runs else "error"
    return Fault("K302", where, what, fix, severity, feature=item.feature)


def upgrade_refused(error: UpgradeRefusedError, features: Sequence[Candidate]) -> list[Fault]:
    """Return a fault for each reason why an upgrade did not begin."""
    return [
        pending_fault(item, features)
        if isinstance(item, Pending)
        else refusal_fault(item, features)
        for item in error.reasons
    ]


def refusal_fault(refusal: Refusal, features: Sequence[Candidate]) -> Fault:
    """Return the fault of a refusal: K304, K307 or K308."""
    where = _where(refusal.feature, features)
    return Fault(refusal.code, where, refusal.what, refusal.fix, feature=refusal.feature)


def drift(feature: str, differences: Sequence[str], features: Sequence[Candidate]) -> Fault:
    """Return the fault of tables that differ from the models: K309."""
    what = "\n".join(["its tables differ from its models:", *differences])
    fix = "undo the manual change, or write a migration: mercato db revision"
    return Fault("K309", _where(feature, features), what, f"{fix} {feature}", feature=feature)


def not_adopted(feature: str, differences: Sequence[str], features: Sequence[Candidate]) -> Fault:
    """Return the fault of tables that cannot be adopted: K304."""
    what = "\n".join(["its tables differ from what its newest migration creates:", *differences])
    fix = "change the tables to match, or use another database; nothing was changed"
    return Fault("K304", _where(feature, features), what, fix, feature=feature)


def migration_failed(error: MigrationFailedError, features: Sequence[Candidate]) -> Fault:
    """Return the fault of a failed migration, with what was kept and how to resume: K305."""
    lines = [f"migration {error.revision} failed: {error.reason.strip()}"]
    if error.statement:
        lines.append(f"statement: {' '.join(error.statement.split())[:500]}")
    lines.append(f"all migrations of {error.feature} in this run were rolled back.")
    before = ", ".join(f"{done.feature} {done.revision}" for done in error.applied)
    lines.append(f"applied before and kept: {before or 'nothing'}")
    fix = f"fix the cause, then resume with: {_UPGRADE}"
    where = _where(error.feature, features)
    return Fault("K305", where, "\n".join(lines), fix, feature=error.feature)


def lock_held(error: LockHeldError) -> Fault:
    """Return the fault of a migration lock that another process holds: K306."""
    fix = f"wait until that process ends, or: {_UPGRADE} --wait 600"
    return Fault("K306", "database", f"{error}.", fix)


def unreachable(url: sa.URL, error: sa.exc.DBAPIError) -> Fault:
    """Return the fault of a failed connection or query: K207, with the host, without secrets."""
    reason = next(iter(str(error.orig).splitlines()), type(error).__name__)
    name = url.database if url.get_backend_name() == "sqlite" else _host(url)
    what = f"the database {name or 'of [database] url'} cannot be used: {reason}"
    # The longest first: a secret may contain a shorter one.
    for secret in sorted(_secrets(url), key=len, reverse=True):
        what = what.replace(secret, "***")
    return Fault("K207", "database", what, "start it, or correct [database] url")


def _host(url: sa.URL) -> str:
    # If a password has an unquoted @, the URL parser takes the rest of it as part of the host.
    return (url.host or "").rpartition("@")[2]


def _secrets(url: sa.URL) -> set[str]:
    """Return the passwords, parts of passwords and options in *url*, as written and quoted."""
    found = {str(url.password or ""), (url.host or "").rpartition("@")[0]}
    for name, values in url.normalized_query.items():
        if name not in ("host", "hostaddr", "port"):
            # Digits of a harmless option, such as a timeout, also occur in ports and addresses.
            found.update(value for value in values if "pass" in name or not value.isdecimal())
    quoted = {form(text) for text in found for form in (quote, quote_plus)}
    return {text for text in found | quoted if text}


def _ahead(item: Pending, where: str) -> Fault:
    what = f"its tables are at {item.current}; this version knows revisions up to {item.head}."
    known = item.known_by
    release = f"{known.distribution or item.feature} {known.version}" if known else None
    fix = f"install {release} or newer" if release else "install the version that made these tables"
    if item.runs:
        what += "\nit is served: the newer migrations removed nothing, according to the ledger"
        return Fault("K303", where, what, f"none needed; or {fix}", "warning", feature=item.feature)
    what += "\nit is not served: the newer migrations may have removed what it uses"
    return Fault("K303", where, what, fix, feature=item.feature)


def _where(feature: str, features: Sequence[Candidate]) -> str:
    if feature == "kit":
        return f"mercato-kit {version('mercato-kit')} ('kit')"
    return next((one.where for one in features if one.name == feature), repr(feature))
