"""Endpoints of the caller's own account."""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.errors import StepUpRequired
from mercato_kit.http import always, if_match
from mercato_kit.identity import current_principal
from mercato_kit.policies import person, signed_in
from mercato_kit.views import Shown
from mercato_users import services
from mercato_users.clients import this_client
from mercato_users.errors import InvalidCredentials, LimitReached
from mercato_users.models import Address, User
from mercato_users.routes.blueprint import PERSON, blueprint, caller_id
from mercato_users.schemas import (
    AddressChangesSchema,
    AddressListQuerySchema,
    AddressListSchema,
    AddressSchema,
    AuditEventQuerySchema,
    EmailChangeSchema,
    NewAddressSchema,
    NothingSchema,
    OwnAuditEventListSchema,
    PasswordChangeSchema,
    ProfileSchema,
    UserSchema,
)


@blueprint.get("/users/me", allow=signed_in, expands=PERSON)
@blueprint.response(200, UserSchema)
def read_me() -> Shown:
    """Get the caller's account"""
    return services.find_user(caller_id())


@blueprint.patch("/users/me", allow=person, if_match=True)
@blueprint.arguments(ProfileSchema)
@blueprint.response(200, UserSchema)
def change_me(body: dict[str, Any]) -> User:
    """Change the caller's profile"""
    return services.update_profile(caller_id(), body, versions=if_match())


@always
def _prepare_password(body: dict[str, Any]) -> services.NewPassword:
    current, password = body["current_password"], body["password"]
    return services.prepare_password(current_principal, current, password)


@blueprint.put(
    "/users/me/password",
    allow=person,
    refuses=[InvalidCredentials, StepUpRequired],
    prepare=_prepare_password,
)
@blueprint.arguments(PasswordChangeSchema)
@blueprint.response(204)
def change_password(_body: dict[str, Any], prepared: services.NewPassword) -> None:
    """Change the caller's password; other sessions end

    After ten wrong passwords the session ends.
    """
    services.change_password(current_principal, prepared, this_client())


@always
def _prove(body: dict[str, Any]) -> services.Proof:
    return services.verify_caller(current_principal, body["current_password"])


@blueprint.put(
    "/users/me/email", allow=person, refuses=[InvalidCredentials, StepUpRequired], prepare=_prove
)
@blueprint.arguments(EmailChangeSchema)
@blueprint.response(202, NothingSchema)
def request_email(body: dict[str, Any], prepared: services.Proof) -> dict[str, Any]:
    """Mail a link that changes the caller's e-mail address to the new one

    The response is the same whether or not another account has the address.
    """
    services.request_email(current_principal, body["email"], prepared, this_client())
    return {}


@blueprint.get("/users/me/addresses", allow=person)
@blueprint.arguments(AddressListQuerySchema, location="query")
@blueprint.response(200, AddressListSchema)
def list_addresses(query: dict[str, Any]) -> Shown:
    """List the caller's addresses"""
    return services.list_addresses(caller_id(), query["page"])


@blueprint.post("/users/me/addresses", allow=person, refuses=[LimitReached])
@blueprint.arguments(NewAddressSchema)
@blueprint.response(201, AddressSchema)
def create_address(body: dict[str, Any]) -> tuple[Address, int, dict[str, str]]:
    """Add an address to the caller's address book"""
    address = services.create_address(caller_id(), body)
    return address, 201, {"Location": url_for(".read_address", address_id=address.id)}


@blueprint.get("/users/me/addresses/<uuid:address_id>", allow=person)
@blueprint.response(200, AddressSchema)
def read_address(address_id: UUID) -> Shown:
    """Get an address of the caller"""
    return services.find_address(caller_id(), address_id)


@blueprint.patch("/users/me/addresses/<uuid:address_id>", allow=person, if_match=True)
@blueprint.arguments(AddressChangesSchema)
@blueprint.response(200, AddressSchema)
def change_address(body: dict[str, Any], address_id: UUID) -> Address:
    """Change an address of the caller"""
    return services.update_address(caller_id(), address_id, body, versions=if_match())


@blueprint.delete("/users/me/addresses/<uuid:address_id>", allow=person)
@blueprint.response(204)
def delete_address(address_id: UUID) -> None:
    """Delete an address of the caller"""
    services.delete_address(caller_id(), address_id)


@blueprint.get("/users/me/audit-events", allow=person)
@blueprint.arguments(AuditEventQuerySchema, location="query")
@blueprint.response(200, OwnAuditEventListSchema)
def list_own_audit_events(query: dict[str, Any]) -> Shown:
    """List what happened to the caller's account"""
    return services.list_own_events(caller_id(), query.pop("page"), **query)
