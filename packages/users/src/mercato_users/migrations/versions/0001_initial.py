"""Create the tables of users and the role admin.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, UtcDateTime, new_id

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables."""
    _create_user()
    _create_session()
    _create_one_time_token()
    _create_roles()
    _create_login_attempt()
    _create_audit_event()


def _create_user() -> None:
    op.create_table(
        "users_user",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_canonical", sa.String(254), nullable=False),
        sa.Column("email_verified_at", UtcDateTime),
        sa.Column("password_hash", sa.String(255)),
        sa.Column("given_name", sa.String(100)),
        sa.Column("family_name", sa.String(100)),
        sa.Column("phone_number", sa.String(20)),
        sa.Column("locale", sa.String(35)),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("token_epoch", sa.Integer, nullable=False),
        sa.Column("last_login_at", UtcDateTime),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_user")),
        sa.UniqueConstraint("email_canonical", name=op.f("uq_users_user_email_canonical")),
        sa.CheckConstraint(
            "status IN ('active', 'suspended', 'erased')", name=op.f("ck_users_user_status")
        ),
    )
    op.create_index(
        op.f("ix_users_user_status_created_at_id"), "users_user", ["status", "created_at", "id"]
    )
    op.create_index(op.f("ix_users_user_created_at_id"), "users_user", ["created_at", "id"])


def _create_session() -> None:
    op.create_table(
        "users_session",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("last_seen_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("revoked_at", UtcDateTime),
        sa.Column("revoke_reason", sa.String(40)),
        sa.Column("user_agent", sa.String(200)),
        sa.Column("ip_prefix", sa.String(50)),
        sa.Column("amr", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_session")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users_user.id"],
            name=op.f("fk_users_session_user_id_users_user"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("ix_users_session_user_id_revoked_at"), "users_session", ["user_id", "revoked_at"]
    )
    op.create_index(op.f("ix_users_session_expires_at"), "users_session", ["expires_at"])
    op.create_table(
        "users_refresh_token",
        sa.Column("token_hash", sa.CHAR(64), nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("issued_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_users_refresh_token")),
        sa.UniqueConstraint(
            "session_id",
            "generation",
            name=op.f("uq_users_refresh_token_session_id_generation"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["users_session.id"],
            name=op.f("fk_users_refresh_token_session_id_users_session"),
            ondelete="CASCADE",
        ),
    )


def _create_one_time_token() -> None:
    op.create_table(
        "users_one_time_token",
        sa.Column("token_hash", sa.CHAR(64), nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_users_one_time_token")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users_user.id"],
            name=op.f("fk_users_one_time_token_user_id_users_user"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("ix_users_one_time_token_user_id_purpose"),
        "users_one_time_token",
        ["user_id", "purpose"],
    )
    op.create_index(
        op.f("ix_users_one_time_token_expires_at"), "users_one_time_token", ["expires_at"]
    )


def _create_roles() -> None:
    role = op.create_table(
        "users_role",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("is_system", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_role")),
        sa.UniqueConstraint("name", name=op.f("uq_users_role_name")),
    )
    op.bulk_insert(role, [{"id": new_id(), "name": "admin", "is_system": True}])
    op.create_table(
        "users_role_permission",
        sa.Column("role_id", sa.Uuid, nullable=False),
        sa.Column("permission", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("role_id", "permission", name=op.f("pk_users_role_permission")),
        sa.ForeignKeyConstraint(
            ["role_id"],
            ["users_role.id"],
            name=op.f("fk_users_role_permission_role_id_users_role"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "users_user_role",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("role_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "role_id", name=op.f("pk_users_user_role")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users_user.id"],
            name=op.f("fk_users_user_role_user_id_users_user"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["users_role.id"], name=op.f("fk_users_user_role_role_id_users_role")
        ),
    )
    op.create_index(op.f("ix_users_user_role_role_id"), "users_user_role", ["role_id"])


def _create_login_attempt() -> None:
    op.create_table(
        "users_login_attempt",
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("window_start", UtcDateTime, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("key", "window_start", name=op.f("pk_users_login_attempt")),
    )
    op.create_index(
        op.f("ix_users_login_attempt_window_start"), "users_login_attempt", ["window_start"]
    )


def _create_audit_event() -> None:
    op.create_table(
        "users_audit_event",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("type", sa.String(50), nullable=False),
        sa.Column("ip_prefix", sa.String(50)),
        sa.Column("data", Json, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_audit_event")),
    )
    op.create_index(op.f("ix_users_audit_event_user_id_id"), "users_audit_event", ["user_id", "id"])


def downgrade() -> None:
    """Drop all tables."""
    for table in (
        "users_audit_event",
        "users_login_attempt",
        "users_user_role",
        "users_role_permission",
        "users_role",
        "users_one_time_token",
        "users_refresh_token",
        "users_session",
        "users_user",
    ):
        op.drop_table(table)
