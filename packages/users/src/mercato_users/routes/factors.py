"""Endpoints of second factors, which other features keep."""

from typing import Any
from uuid import UUID

from mercato_kit.identity import current_principal
from mercato_kit.policies import fresh, permission, person
from mercato_users import services
from mercato_users.errors import NoSecondFactor, SecondFactorUnavailable
from mercato_users.permissions import WRITE
from mercato_users.routes.blueprint import actor_id, blueprint
from mercato_users.schemas import ChallengeSchema, ReasonSchema


@blueprint.post(
    "/auth/step-up/challenge", allow=person, refuses=[NoSecondFactor, SecondFactorUnavailable]
)
@blueprint.response(200, ChallengeSchema)
def begin_step_up() -> services.Challenged:
    """Get a challenge of the second factor, for a step-up of this session"""
    return services.begin_step_up(current_principal)


@blueprint.post("/users/<uuid:user_id>/second-factor/reset", allow=fresh(permission(WRITE)))
@blueprint.arguments(ReasonSchema)
@blueprint.response(204)
def reset_second_factor(body: dict[str, Any], user_id: UUID) -> None:
    """Remove the second factors of an account whose owner has lost them; its sessions end

    You can reset accounts that hold no permission that you lack.
    """
    services.reset_second_factor(user_id, reason=body["reason"], actor_id=actor_id())
