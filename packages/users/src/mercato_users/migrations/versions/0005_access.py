"""Add API keys, accounts of programs, invitations and imports.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade from 0002 to 0005; every account is that of a person."""
    # Alembic cannot add a column with a constraint on SQLite, which both databases can.
    op.execute(
        "ALTER TABLE users_user ADD COLUMN kind VARCHAR(20) DEFAULT 'person' NOT NULL "
        "CONSTRAINT ck_users_user_kind CHECK (kind IN ('person', 'service'))"
    )
    op.drop_index(op.f("ix_users_user_created_at_id"), "users_user")
    _index("users_user", "kind", "created_at", "id")
    _create_api_key()
    _create_invitation()
    _create_invitation_role()
    op.create_table(
        "users_import",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("file_sha256", sa.CHAR(64), nullable=False),
        sa.Column("offset", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_import")),
        sa.UniqueConstraint("file_sha256", name=op.f("uq_users_import_file_sha256")),
    )


def _create_api_key() -> None:
    op.create_table(
        "users_api_key",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("start", sa.String(20), nullable=False),
        sa.Column("key_hash", sa.CHAR(64), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created_by", sa.Uuid, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("last_used_at", UtcDateTime),
        sa.Column("last_used_prefix", sa.String(50)),
        sa.Column("revoked_at", UtcDateTime),
        sa.Column("replaced_by", sa.Uuid),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_users_api_key_key_hash")),
        _belongs_to("users_api_key", "user_id", "users_user"),
    )
    _index("users_api_key", "user_id", "created_at", "id")
    _index("users_api_key", "expires_at")


def _create_invitation() -> None:
    op.create_table(
        "users_invitation",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_canonical", sa.String(254), nullable=False),
        sa.Column("token_hash", sa.CHAR(64), nullable=False),
        sa.Column("invited_by", sa.Uuid, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("accepted_at", UtcDateTime),
        sa.Column("revoked_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_users_invitation_token_hash")),
        _belongs_to("users_invitation", "invited_by", "users_user"),
    )
    is_live = sa.text("accepted_at IS NULL AND revoked_at IS NULL")
    op.create_index(
        "uq_users_invitation_email_canonical",
        "users_invitation",
        ["email_canonical"],
        unique=True,
        postgresql_where=is_live,
        sqlite_where=is_live,
    )
    _index("users_invitation", "created_at", "id")
    _index("users_invitation", "expires_at")


def _create_invitation_role() -> None:
    table = "users_invitation_role"
    op.create_table(
        table,
        sa.Column("invitation_id", sa.Uuid, nullable=False),
        sa.Column("role_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("invitation_id", "role_id", name=op.f(f"pk_{table}")),
        _belongs_to(table, "invitation_id", "users_invitation"),
        _belongs_to(table, "role_id", "users_role"),
    )
    _index(table, "role_id")


def _belongs_to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def downgrade() -> None:
    """Downgrade from 0005 to 0002; API keys, accounts of programs and invitations are lost."""
    for table in ("import", "invitation_role", "invitation", "api_key"):
        op.drop_table(f"users_{table}")
    op.execute("DELETE FROM users_user WHERE kind = 'service'")
    op.drop_index(op.f("ix_users_user_kind_created_at_id"), "users_user")
    op.drop_column("users_user", "kind")
    _index("users_user", "created_at", "id")
