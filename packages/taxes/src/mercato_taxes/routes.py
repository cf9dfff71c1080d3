"""Endpoints of tax rates, for staff."""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.http import Blueprint, if_match, page_of
from mercato_kit.policies import permission
from mercato_kit.views import Shown
from mercato_taxes import services
from mercato_taxes.errors import RateExists
from mercato_taxes.glossary import GLOSSARY
from mercato_taxes.models import Rate
from mercato_taxes.permissions import READ, WRITE
from mercato_taxes.schemas import NewRateSchema, RateChangesSchema, RateQuerySchema, RateSchema
from mercato_taxes.values import NewRate

blueprint = Blueprint(
    "taxes",
    __name__,
    url_prefix="/v1",
    description="Tax rates",
    glossary=GLOSSARY,
)

MAY_READ = permission(READ)
MAY_WRITE = permission(WRITE)


@blueprint.get("/tax-rates", allow=MAY_READ)
@blueprint.arguments(RateQuerySchema, location="query")
@blueprint.response(200, page_of(RateSchema))
def list_rates(query: dict[str, Any]) -> Shown:
    """List tax rates"""
    return services.list_rates(**query)


@blueprint.post("/tax-rates", allow=MAY_WRITE, idempotent=True, refuses=[RateExists])
@blueprint.arguments(NewRateSchema)
@blueprint.response(201, RateSchema)
def create_rate(new: NewRate) -> tuple[Rate, int, dict[str, str]]:
    """Create a tax rate"""
    rate = services.create_rate(new)
    return rate, 201, {"Location": url_for(".get_rate", rate_id=rate.id)}


@blueprint.get("/tax-rates/<uuid:rate_id>", allow=MAY_READ)
@blueprint.response(200, RateSchema)
def get_rate(rate_id: UUID) -> Shown:
    """Get a tax rate"""
    return services.find_rate(rate_id)


@blueprint.patch("/tax-rates/<uuid:rate_id>", allow=MAY_WRITE, if_match=True)
@blueprint.arguments(RateChangesSchema)
@blueprint.response(200, RateSchema)
def change_rate(changes: dict[str, Any], rate_id: UUID) -> Rate:
    """Change a tax rate; orders that were placed keep their tax"""
    return services.change_rate(rate_id, changes, versions=if_match())


@blueprint.delete("/tax-rates/<uuid:rate_id>", allow=MAY_WRITE, if_match=True)
@blueprint.response(204)
def delete_rate(rate_id: UUID) -> None:
    """Delete a tax rate"""
    services.delete_rate(rate_id, versions=if_match())
