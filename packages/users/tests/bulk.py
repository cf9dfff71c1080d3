"""Many accounts, written by a few statements."""

import sqlalchemy as sa

from mercato_kit.db import session

from . import factories

_NUMBERS = {
    "postgresql": "SELECT n FROM generate_series(1, :count) AS g(n)",
    "sqlite": "WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < :count)"
    " SELECT n FROM g",
}
_ID = {
    "postgresql": "CAST('0190aaaa-0000-7000-8000-' || lpad(to_hex(n), 12, '0') AS UUID)",
    "sqlite": "'0190aaaa00007000' || '8000' || printf('%012x', n)",
}
_TIME = {
    "postgresql": "TIMESTAMPTZ '2020-01-01Z' + n * INTERVAL '1 minute'",
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%S.000000Z', '2020-01-01', n || ' minutes')",
}


_USERS = """
INSERT INTO users_user
    (id, email, email_canonical, kind, status, token_epoch, created_at, updated_at)
SELECT {id}, 'person' || n || '@example.com', 'person' || n || '@example.com',
    CASE n % 150 WHEN 3 THEN 'service' ELSE 'person' END,
    CASE n % 100 WHEN 0 THEN 'suspended' ELSE 'active' END, 0, {time}, {time}
FROM ({numbers}) AS numbers
"""
_EVENTS = """
INSERT INTO users_audit_event (id, user_id, type, data, created_at)
SELECT {id}, {id}, 'logged_in', '{{}}', {time}
FROM ({numbers}) AS numbers
"""
_FEW = """
INSERT INTO users_user_role (user_id, role_id)
SELECT id, :role FROM users_user WHERE email_canonical LIKE 'person1_@example.com'
"""


def fill(count):
    """Store accounts with an event each, of which some are suspended and some are services.

    Ten have the role few.
    """
    name = session.get_bind().dialect.name
    parts = {"numbers": _NUMBERS[name], "id": _ID[name], "time": _TIME[name]}
    for statement in (_USERS, _EVENTS):
        session.execute(sa.text(statement.format_map(parts)), {"count": count})
    role = sa.bindparam("role", factories.make_role("few", []), sa.Uuid())
    session.execute(sa.text(_FEW).bindparams(role))
    session.execute(sa.text("ANALYZE"))
