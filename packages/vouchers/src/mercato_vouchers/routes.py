"""Endpoints of vouchers, for staff. Customers name codes in quotes and orders."""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.http import Blueprint, Page, if_match
from mercato_kit.policies import permission
from mercato_vouchers import services
from mercato_vouchers.errors import CodeTaken, LimitBelowRedemptions
from mercato_vouchers.glossary import GLOSSARY
from mercato_vouchers.models import Redemption, Voucher
from mercato_vouchers.permissions import READ, WRITE
from mercato_vouchers.schemas import (
    NewVoucherSchema,
    RedemptionQuerySchema,
    VoucherChangesSchema,
    VoucherListSchema,
    VoucherQuerySchema,
    VoucherRedemptionListSchema,
    VoucherSchema,
)
from mercato_vouchers.values import NewVoucher

blueprint = Blueprint(
    "vouchers",
    __name__,
    url_prefix="/v1",
    description="Vouchers and their redemptions",
    glossary=GLOSSARY,
)

_MAY_READ = permission(READ)
_MAY_WRITE = permission(WRITE)


@blueprint.post("/vouchers", allow=_MAY_WRITE, idempotent=True, refuses=[CodeTaken])
@blueprint.arguments(NewVoucherSchema)
@blueprint.response(201, VoucherSchema)
def create_voucher(new: NewVoucher) -> tuple[Voucher, int, dict[str, str]]:
    """Create a voucher"""
    voucher = services.create_voucher(new)
    return voucher, 201, {"Location": url_for(".get_voucher", voucher_id=voucher.id)}


@blueprint.get("/vouchers", allow=_MAY_READ)
@blueprint.arguments(VoucherQuerySchema, location="query")
@blueprint.response(200, VoucherListSchema)
def list_vouchers(query: dict[str, Any]) -> Page[Voucher]:
    """List vouchers"""
    return services.list_vouchers(query.pop("page"), **query)


@blueprint.get("/vouchers/<uuid:voucher_id>", allow=_MAY_READ)
@blueprint.response(200, VoucherSchema)
def get_voucher(voucher_id: UUID) -> Voucher:
    """Get a voucher"""
    return services.find_voucher(voucher_id)


@blueprint.patch(
    "/vouchers/<uuid:voucher_id>", allow=_MAY_WRITE, if_match=True, refuses=[LimitBelowRedemptions]
)
@blueprint.arguments(VoucherChangesSchema)
@blueprint.response(200, VoucherSchema)
def update_voucher(changes: dict[str, Any], voucher_id: UUID) -> Voucher:
    """Change a voucher"""
    return services.update_voucher(voucher_id, changes, versions=if_match())


@blueprint.delete("/vouchers/<uuid:voucher_id>", allow=_MAY_WRITE, if_match=True)
@blueprint.response(204)
def archive_voucher(voucher_id: UUID) -> None:
    """Archive a voucher"""
    services.archive_voucher(voucher_id, versions=if_match())


@blueprint.get("/vouchers/<uuid:voucher_id>/redemptions", allow=_MAY_READ)
@blueprint.arguments(RedemptionQuerySchema, location="query")
@blueprint.response(200, VoucherRedemptionListSchema)
def list_redemptions(query: dict[str, Any], voucher_id: UUID) -> Page[Redemption]:
    """List the redemptions of a voucher"""
    return services.list_redemptions(voucher_id, query["page"])
