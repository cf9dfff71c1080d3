"""Faults of a database: pending migrations, a held lock, a server that does not answer."""

from pathlib import Path
from urllib.parse import quote, quote_plus

import sqlalchemy as sa

from mercato_composition.deployment.corrections import POSTGRESQL
from mercato_composition.deployment.file import Source, variable_of
from mercato_composition.faults import Command, Fault, Outside, Place, Severity, Variable, mercato
from mercato_database.history import Step
from mercato_database.locks import LockHeldError

UPGRADE = ("db", "upgrade")
"""The arguments of the command that applies migrations."""

DATABASE = Place(name="database", path=("database", "url"))
"""The database, where the origin of its URL is not known."""


def pending_fault(step: Step) -> Fault:
    """Return the fault of a feature with pending migrations (K302) or newer tables (K303).

    It is a warning if the wheel runs on the tables as they are.
    """
    if step.is_ahead:
        return _ahead(step)
    head, count, contracting = step.history.head, len(step.missing), step.contracting
    state = "it has no tables yet" if step.current is None else f"its tables are at {step.current}"
    counted = "1 migration is" if count == 1 else f"{count} migrations are"
    what = f"{state}; this version needs {head}: {counted} pending."
    # An expanding migration after a contracting one is applied with --contract only.
    contract = step.runs or contracting != sorted(contracting)
    if step.runs:
        what = (
            f"{state}; this version runs on them. "
            f"The pending migrations up to {head} only remove what older versions use: apply them "
            "when no older version runs any more."
        )
    elif any(contracting):
        removing = sum(contracting)
        what += f"\nmigrations that remove what the previous version still uses: {removing}"
    fix = mercato(*UPGRADE, *(["--contract"] if contract else []))
    severity: Severity = "warning" if step.runs else "error"
    return step.history.candidate.fault("K302", what, fix, severity=severity)


def lock_held(error: LockHeldError) -> Fault:
    """Return the fault of a migration lock that another process holds: K306."""
    fix = mercato(*UPGRADE, "--wait", "600")
    return Fault("K306", Place(name="database"), f"{error}.", (fix,))


def unreachable(url: sa.URL, error: sa.exc.DBAPIError, place: Place = DATABASE) -> Fault:
    """Return the fault of a failed connection or query: K207, with the host, without secrets."""
    reason = next(iter(str(error.orig).splitlines()), type(error).__name__)
    name = url.database if url.get_backend_name() == "sqlite" else _host(url)
    what = f"the database {name or 'of [database] url'} cannot be used: {reason}"
    # The longest first: a secret may contain a shorter one.
    for secret in sorted(_secrets(url), key=len, reverse=True):
        what = what.replace(secret, "***")
    path = ("database", "url")
    url_of_another = Variable(variable_of(*path), f"'{POSTGRESQL}'", certainty="fill")
    return Fault("K207", place, what, (Outside("start it", "choice"), url_of_another))


def no_folder(file: Path, source: Source) -> Fault:
    """Return the fault of a SQLite file in a folder that does not exist: K207."""
    what = f"the database {file} cannot be made: its folder does not exist."
    fix = Command((("mkdir", "-p", str(file.parent)),))
    return Fault("K207", source.origin("database", "url"), what, (fix,))


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


def _ahead(step: Step) -> Fault:
    """Return K303, with the oldest wheel that knows the revision, according to the ledger."""
    head = step.history.head
    what = f"its tables are at {step.current}; this version knows revisions up to {head}."
    since = step.entry and step.entry.revisions.get(str(step.current), {}).get("since")
    fix = "install the version that made these tables"
    if step.entry and since:
        fix = f"install {step.entry.distribution or step.feature} {since} or newer"
    if step.runs:
        what += "\nit is served: the newer migrations removed nothing, according to the ledger"
        return step.history.candidate.fault(
            "K303", what, Outside(f"none needed; or {fix}"), severity="warning"
        )
    what += "\nit is not served: the newer migrations may have removed what it uses"
    return step.history.candidate.fault("K303", what, Outside(fix))
