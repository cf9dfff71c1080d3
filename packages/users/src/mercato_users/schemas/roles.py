"""Roles and permissions in JSON."""

from typing import ClassVar

import marshmallow as ma
from marshmallow import fields

from mercato_kit.http import ListQuerySchema, page_of
from mercato_kit.schemas import Line, List, Metadata, ModelSchema, Schema, not_blank
from mercato_users.models import Role


class NewRoleSchema(Schema):
    """A role to make."""

    name = Line(min=1, max=50, required=True, validate=not_blank)
    permissions = List(Line(min=1, max=100), max=200, required=True)
    metadata = Metadata(load_default=dict)


class RoleChangesSchema(Schema):
    """Changes of a role."""

    name = Line(min=1, max=50, validate=not_blank)
    permissions = List(Line(min=1, max=100), max=200)
    metadata = Metadata(attribute="metadata_")


class RoleSchema(ModelSchema):
    """A role."""

    class Meta(ModelSchema.Meta):
        model = Role
        fields = (
            "id",
            "name",
            "is_system",
            "permissions",
            "dormant_permissions",
            "metadata",
            "version",
        )

    permissions = fields.List(fields.String(), required=True)
    dormant_permissions = fields.List(fields.String(), required=True)
    metadata = Metadata(attribute="metadata_", required=True)


RoleListSchema = page_of(RoleSchema)


class RoleListQuerySchema(ListQuerySchema):
    """The list of roles."""

    sorts: ClassVar[tuple[str, ...]] = ("name",)
    default_sort: ClassVar[str] = "name"


class PermissionSchema(ma.Schema):
    """A permission that a role can hold."""

    name = fields.String(required=True)
    description = fields.String(required=True, allow_none=True)
    dormant = fields.Boolean(required=True)


class PermissionsSchema(ma.Schema):
    """The permissions of the deployment."""

    data = fields.List(fields.Nested(PermissionSchema), required=True)
