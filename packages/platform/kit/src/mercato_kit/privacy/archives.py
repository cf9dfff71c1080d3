"""The file of an export: a zip with a report and a JSON file of each feature."""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_kit.models import PrivacyPart
from mercato_kit.privacy.requests import Request, Step, get
from mercato_kit.schemas import render_instant

EXPORT_KEPT = timedelta(days=7)
"""How long the file of an export is kept."""


def read_archive(request_id: UUID) -> bytes | None:
    """Return the zip file of an export; None while it is not done, and when it was deleted.

    It has ``report.json``, which names every feature and what became of it, and ``<feature>.json``
    of each feature with data of the person.
    """
    request = get(request_id)
    if request is None or request.kind != "export" or request.status != "done":
        return None
    if request.subject is None or _is_old(request):
        return None
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.json", _as_json(report_of(request)))
        for feature, members in _members(request_id):
            archive.writestr(f"{feature}.json", _as_json(members))
    return file.getvalue()


def _is_old(request: Request) -> bool:
    return request.finished_at is None or request.finished_at + EXPORT_KEPT < utc_now()


def report_of(request: Request) -> dict[str, Any]:
    """Return what ``report.json`` says of an export, and commands say of a request."""
    return {
        "id": str(request.id),
        "kind": request.kind,
        "status": request.status,
        "complete": request.complete,
        "created_at": render_instant(request.created_at),
        "due_at": request.due_at and render_instant(request.due_at),
        "finished_at": request.finished_at and render_instant(request.finished_at),
        "features": [_step(step) for step in request.steps],
    }


def _members(request_id: UUID) -> Iterator[tuple[str, dict[str, list[Any]]]]:
    """Give the JSON object of each feature, whose parts of one name are joined."""
    rows = session.scalars(
        sa.select(PrivacyPart)
        .where(PrivacyPart.request_id == request_id)
        .order_by(PrivacyPart.feature, PrivacyPart.sequence)
    )
    for feature, parts in groupby(rows, lambda part: part.feature):
        yield feature, _joined(part.body for part in parts)


def _joined(bodies: Iterable[dict[str, Any]]) -> dict[str, list[Any]]:
    members: dict[str, list[Any]] = {}
    for body in bodies:
        members.setdefault(body["name"], []).extend(body["items"])
    return members


def _step(step: Step) -> dict[str, Any]:
    return {
        "feature": step.feature,
        "status": step.status,
        "counts": dict(step.counts),
        "retained": [
            {
                "reason": one.reason,
                "until": one.until and render_instant(one.until),
                "count": one.count,
            }
            for one in step.retained
        ],
        "attempts": step.attempts,
        "error": step.error_code,
    }


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
