"""Add addresses, and what sessions, roles, links and the audit trail say in addition.

Revision: 0002
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LONG_AGO = "1970-01-01T00:00:00.000000Z"


def upgrade() -> None:
    """Upgrade from 0001 to 0002; open sessions are idle from now on."""
    for column in _user_columns():
        op.add_column("users_user", column)
    for column in _session_columns():
        op.add_column("users_session", column)
    op.execute("UPDATE users_session SET auth_time = created_at, idle_expires_at = expires_at")
    _require("users_session", "auth_time", "idle_expires_at")
    op.add_column("users_one_time_token", _number("epoch", 0))
    op.add_column("users_role", _number("version", 1))
    op.add_column("users_role", sa.Column("metadata", Json, server_default="{}", nullable=False))
    if _is_postgresql():
        op.alter_column("users_role", "name", type_=sa.String(50, collation="C"))
    _create_address()
    _create_device()
    _change_audit_event()


def _user_columns() -> list[sa.Column[Any]]:
    return [
        _number("credential_epoch", 0),
        sa.Column("has_factor", sa.Boolean, server_default=sa.false(), nullable=False),
    ]


def _session_columns() -> list[sa.Column[Any]]:
    return [
        _number("acr", 1),
        sa.Column("auth_time", UtcDateTime, server_default=_LONG_AGO, nullable=False),
        sa.Column("idle_expires_at", UtcDateTime, server_default=_LONG_AGO, nullable=False),
        sa.Column("device_id", sa.Uuid),
        sa.Column("device_name", sa.String(60)),
    ]


def _number(name: str, default: int) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, server_default=str(default), nullable=False)


def _require(table: str, *columns: str) -> None:
    """Drop the defaults of columns; SQLite, which keeps them, cannot."""
    if _is_postgresql():
        for column in columns:
            op.alter_column(table, column, server_default=None)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _create_address() -> None:
    op.create_table(
        "users_address",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("line1", sa.String(200), nullable=False),
        sa.Column("line2", sa.String(200)),
        sa.Column("city", sa.String(100), nullable=False),
        sa.Column("region", sa.String(100)),
        sa.Column("postal_code", sa.String(20)),
        sa.Column("country", sa.CHAR(2), nullable=False),
        sa.Column("phone_number", sa.String(20)),
        sa.Column("is_default_shipping", sa.Boolean, nullable=False),
        sa.Column("is_default_billing", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_address")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users_user.id"],
            name=op.f("fk_users_address_user_id_users_user"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("ix_users_address_user_id_created_at_id"),
        "users_address",
        ["user_id", "created_at", "id"],
    )
    for default in ("is_default_shipping", "is_default_billing"):
        op.create_index(
            f"uq_users_address_{default}",
            "users_address",
            ["user_id"],
            unique=True,
            postgresql_where=sa.text(default),
            sqlite_where=sa.text(default),
        )


def _create_device() -> None:
    op.create_table(
        "users_device",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("token_hash", sa.CHAR(64), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("user_agent", sa.String(200)),
        sa.Column("ip_prefix", sa.String(50)),
        sa.Column("revoked_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_device")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_users_device_token_hash")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users_user.id"],
            name=op.f("fk_users_device_user_id_users_user"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_users_device_user_id_used_at"), "users_device", ["user_id", "used_at"])


def _change_audit_event() -> None:
    with op.batch_alter_table("users_audit_event") as batch:
        batch.alter_column("user_id", existing_type=sa.Uuid(), nullable=True)
        batch.add_column(sa.Column("request_id", sa.String(128)))
        batch.add_column(sa.Column("session_id", sa.Uuid))
        batch.add_column(sa.Column("key_id", sa.Uuid))
        batch.drop_index(op.f("ix_users_audit_event_user_id_id"))
        batch.create_index(
            op.f("ix_users_audit_event_user_id_created_at_id"), ["user_id", "created_at", "id"]
        )
        batch.create_index(op.f("ix_users_audit_event_created_at_id"), ["created_at", "id"])


def downgrade() -> None:
    """Downgrade from 0002 to 0001; addresses and changes of roles in the audit trail are lost."""
    op.execute("DELETE FROM users_audit_event WHERE user_id IS NULL")
    with op.batch_alter_table("users_audit_event") as batch:
        batch.drop_index(op.f("ix_users_audit_event_created_at_id"))
        batch.drop_index(op.f("ix_users_audit_event_user_id_created_at_id"))
        batch.create_index(op.f("ix_users_audit_event_user_id_id"), ["user_id", "id"])
        for name in ("key_id", "session_id", "request_id"):
            batch.drop_column(name)
        batch.alter_column("user_id", existing_type=sa.Uuid(), nullable=False)
    op.drop_table("users_device")
    op.drop_table("users_address")
    if _is_postgresql():
        op.alter_column("users_role", "name", type_=sa.String(50))
    for table, columns in {
        "users_role": ["metadata", "version"],
        "users_one_time_token": ["epoch"],
        "users_session": [column.name for column in _session_columns()],
        "users_user": [column.name for column in _user_columns()],
    }.items():
        for name in columns:
            op.drop_column(table, name)
