"""What an operator may set."""

from typing import Annotated

from msgspec import Meta

from mercato_kit.settings import Settings


class GizmoSettings(Settings, frozen=True):
    """``[features.gizmo.settings]``."""

    open_days: Annotated[int, Meta(ge=1, le=365, description="days an item stays open")] = 30
