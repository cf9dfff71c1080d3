"""Add the status ``closing``: an account that will be erased unless its owner cancels that.

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NAME = "ck_users_user_status"
OLD = "status IN ('active', 'suspended', 'erased')"
NEW = "status IN ('active', 'suspended', 'closing', 'erased')"


def upgrade() -> None:
    """Upgrade to 0007."""
    _change_check(OLD, NEW)


def downgrade() -> None:
    """Downgrade from 0007; accounts that are closing are suspended."""
    op.execute("UPDATE users_user SET status = 'suspended' WHERE status = 'closing'")
    _change_check(NEW, OLD)


def _change_check(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(before, after)
    else:
        op.drop_constraint(op.f(NAME), "users_user", type_="check")
        op.create_check_constraint(op.f(NAME), "users_user", after)


def _rewrite(before: str, after: str) -> None:
    """Change the text of the check in the schema: a copy of the table would empty its children.

    Source: https://www.sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema
    Changes".
    """
    connection = op.get_bind()
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    op.execute("PRAGMA writable_schema = ON")
    connection.execute(
        sa.text(
            "UPDATE sqlite_schema SET sql = replace(sql, :before, :after)"
            " WHERE type = 'table' AND name = 'users_user'"
        ),
        {"before": before, "after": after},
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
