"""Runs one feature's migrations on the connection it is given, in one transaction.

The caller puts into ``config.attributes``: ``connection``, ``feature`` (name) and ``metadata``.
"""

from alembic import context

from mercato_kit.migrations import version_table

config = context.config
feature = config.attributes["feature"]


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """See only the feature's own tables."""
    return kind != "table" or (name or "").startswith(f"{feature}_")


context.configure(
    connection=config.attributes["connection"],
    target_metadata=config.attributes["metadata"],
    version_table=version_table(feature),
    include_name=include_name,
    compare_type=True,
    compare_server_default=False,
    render_as_batch=config.attributes["connection"].dialect.name == "sqlite",
    # On SQLite too: `mercato_kit.transactions.prepare` makes its schema changes transactional.
    transactional_ddl=True,
    transaction_per_migration=False,
    autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
)

with context.begin_transaction():
    context.run_migrations()
