"""What is shown of shipping: one statement each."""

import sqlalchemy as sa

from mercato_kit.views import View
from mercato_shipping.models import Zone
from mercato_shipping.schemas import ZoneSchema

ZONES = View(
    ZoneSchema,
    filters={
        "id": Zone.id == sa.bindparam("id"),
        "code": Zone.code == sa.bindparam("code"),
    },
    sorts={"code": Zone.code, "created_at": Zone.created_at},
    id=Zone.id,
)
