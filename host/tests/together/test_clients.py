"""Whatever counts clients counts the same client, however a proxy writes its address."""

from collections import Counter

import pytest
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_users.models import LoginAttempt

WRONG = {"email": "ada@example.com", "password": "not her password at all"}


class TestAttempts:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (
                ["198.51.100.7:4001", "198.51.100.7:4002", "::ffff:198.51.100.7"],
                "198.51.100.8:4001",
            ),
            (["[2001:db8:0:1::1]:4001", "2001:db8:0:1::2", "2001:db8:0:1:f::"], "2001:db8:0:2::1"),
        ],
    )
    def test_are_counted_by_client(self, boot, write_deployment, one, other):
        """Failed logins of one client share a counter, and no other client has it."""
        app = boot(write_deployment("users", more="[server]\ntrusted_proxies = 1\n"))
        client = app.test_client()

        for address in (*one, other):
            headers = {"X-Forwarded-For": address}
            answer = client.post("/v1/auth/login", json=WRONG, headers=headers)
            assert answer.status_code == 401

        with app.app_context():
            rows = session.execute(sa.select(LoginAttempt.key, LoginAttempt.count)).all()
        counts = Counter()
        for key, number in rows:
            if key.startswith("login.network:"):
                counts[key] += number
        assert sorted(counts.values()) == [1, 3]
