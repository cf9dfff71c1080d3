"""What a database lacks, as faults that tell the operator what to do."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING
from typing import Literal
from urllib.parse import quote
from urllib.parse import quote_plus

import sqlalchemy as sa

from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_database.history import Pending
from mercato_database.history import histories
from mercato_database.history import pending
from mercato_database.plan import Refusal
from mercato_database.plan import empty_database
from mercato_database.plan import is_absent
from mercato_database.plan import plan
from mercato_kit import transactions

if TYPE_CHECKING:
    from mercato_database.locks import LockHeldError
    from mercato_database.runner import MigrationFailedError
    from mercato_database.runner import UpgradeRefusedError

Severity = Literal["error", "warning"]

_UPGRADE = "mercato db upgrade"


def database_faults(engine: sa.Engine, features: Sequence[Candidate]) -> list[Fault]:
    """Find what keeps *features* from working with a database.

    Args:
        engine: To the database.
        features: In dependency order.
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
    """Say that a feature's tables are not what it needs: K302, or K303 where they are newer.

    It is a warning where the wheel runs on the tables as they are.
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
            f"{state}; this version runs on them. pending, and only tidying up: up to {item.head}."
        )
        fix = f"when nothing older runs any more: {_UPGRADE} --contract"
    elif item.contracts:
        what += f"\n{item.contracts} of them take away what the version before still uses"
    severity: Severity = "warning" if item.runs else "error"
    return Fault("K302", where, what, fix, severity, feature=item.feature)


def refused(error: UpgradeRefusedError, features: Sequence[Candidate]) -> list[Fault]:
    """Say why an upgrade did not begin."""
    return [
        pending_fault(item, features)
        if isinstance(item, Pending)
        else refusal_fault(item, features)
        for item in error.reasons
    ]


def refusal_fault(refusal: Refusal, features: Sequence[Candidate]) -> Fault:
    """Say what is in the way of migrations: K304, K307, K308."""
    where = _where(refusal.feature, features)
    return Fault(refusal.code, where, refusal.what, refusal.fix, feature=refusal.feature)


def drift(feature: str, differences: Sequence[str], features: Sequence[Candidate]) -> Fault:
    """Say that tables are not what the models say: K309."""
    what = "\n".join(["its tables are not what its models say:", *differences])
    fix = "undo what was changed by hand; or write a migration: mercato db revision"
    return Fault("K309", _where(feature, features), what, f"{fix} {feature}", feature=feature)


def not_adopted(feature: str, differences: Sequence[str], features: Sequence[Candidate]) -> Fault:
    """Say that tables cannot be adopted: K304."""
    what = "\n".join(["its tables are not what its newest migration makes:", *differences])
    fix = "bring them there by hand, or use another database; nothing was changed"
    return Fault("K304", _where(feature, features), what, fix, feature=feature)


def migration_failed(error: MigrationFailedError, features: Sequence[Candidate]) -> Fault:
    """Say which migration failed, what holds now, and how to go on: K305."""
    lines = [f"migration {error.revision} failed: {error.reason.strip()}"]
    if error.statement:
        lines.append(f"statement: {' '.join(error.statement.split())[:500]}")
    lines.append(f"{error.feature} was rolled back to where it was; nothing of it was applied.")
    before = ", ".join(f"{done.feature} {done.revision}" for done in error.applied)
    lines.append(f"applied before, and kept: {before or 'nothing'}")
    fix = f"mend the cause, then go on with: {_UPGRADE}"
    where = _where(error.feature, features)
    return Fault("K305", where, "\n".join(lines), fix, feature=error.feature)


def somebody_else_migrates(error: LockHeldError) -> Fault:
    """Say that the lock on migrations is held: K306."""
    return Fault("K306", "database", f"{error}.", f"wait for it, then: {_UPGRADE} --wait 600")


def unreachable(url: sa.URL, error: sa.exc.DBAPIError) -> Fault:
    """Say that the database cannot be asked: K207, with its host and without its secrets."""
    reason = next(iter(str(error.orig).splitlines()), type(error).__name__)
    named = url.database if url.get_backend_name() == "sqlite" else _host(url)
    what = f"the database {named or 'of [database] url'} cannot be asked: {reason}"
    for secret in sorted(_secrets(url), key=len, reverse=True):
        what = what.replace(secret, "***")
    return Fault("K207", "database", what, "start it, or correct [database] url")


def _host(url: sa.URL) -> str:
    # Of a password with an unquoted @, the URL takes what follows for the host.
    return (url.host or "").rpartition("@")[2]


def _secrets(url: sa.URL) -> set[str]:
    """Return passwords, parts of one and options of *url*, as written and quoted."""
    found = {str(url.password or ""), (url.host or "").rpartition("@")[0]}
    for name, values in url.normalized_query.items():
        if name not in ("host", "hostaddr", "port"):
            # A number of an option, such as a timeout, stands in ports and addresses as well.
            found.update(value for value in values if "pass" in name or not value.isdecimal())
    quoted = {form(text) for text in found for form in (quote, quote_plus)}
    return {text for text in found | quoted if text}


def _ahead(item: Pending, where: str) -> Fault:
    what = f"its tables are at {item.current}; this version knows revisions up to {item.head}."
    known = item.known_by
    release = f"{known.distribution or item.feature} {known.version}" if known else None
    fix = f"install {release} or newer" if release else "install the version that made the tables"
    if item.runs:
        what += "\nit may be served: nothing was taken away since, as the database knows"
        return Fault("K303", where, what, f"nothing; or {fix}", "warning", feature=item.feature)
    what += "\nit is not served: what this version uses may be gone"
    return Fault("K303", where, what, fix, feature=item.feature)


def _where(feature: str, features: Sequence[Candidate]) -> str:
    if feature == "kit":
        return f"mercato-kit {version('mercato-kit')} ('kit')"
    return next((one.where for one in features if one.name == feature), repr(feature))
