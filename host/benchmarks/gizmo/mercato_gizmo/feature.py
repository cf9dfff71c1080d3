"""Gizmo: items and their parts."""

from pathlib import Path

from mercato_gizmo.models import Base
from mercato_gizmo.routes import blueprint
from mercato_gizmo.settings import GizmoSettings
from mercato_kit.feature import Feature

feature = Feature(
    name="gizmo",
    summary="Items and their parts.",
    blueprints=[blueprint],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations" / "versions",
    settings=GizmoSettings,
    permissions={"gizmo.write": "Make and change items"},
)
