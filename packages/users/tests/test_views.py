import re

from mercato_kit.db import engine
from mercato_testing.plans import Plans

from . import bulk

LISTS = (
    "users?limit=5",
    "users?limit=5&sort=created_at",
    "users?limit=5&status=active",
    "users?limit=5&status=suspended&sort=created_at",
    "users?limit=5&created_at[gte]=2000-01-01T00:00:00Z",
    "users?limit=5&kind=service",
    "users?limit=5&role=few",
    "users?limit=5&q=person7",
    "audit-events?limit=5",
    "audit-events?limit=5&created_at[lte]=2200-01-01T00:00:00Z",
)

FEW = re.compile(r"(Seq Scan on|SCAN) users_(user_)?role")
"""Tables with a handful of rows here, which are rightly read whole."""


class TestPlans:
    def test_of_lists_use_indexes(self, app, charlie, commit, database):
        """With many accounts, no page of a list scans or sorts a table, whatever the filter."""
        commit(bulk.fill, 100_000 if database.url.startswith("postgresql") else 1_000)

        with app.app_context():
            for query in LISTS:
                url = f"/v1/{query}"
                for page in (url, f"{url}&cursor={charlie.get(url).json['next_cursor']}"):
                    if page.endswith("None"):
                        continue
                    with Plans(engine()) as sent:
                        assert charlie.get(page).json["data"], page

                    assert [one for one in sent.scans() if not FEW.search(one)] == [], page
