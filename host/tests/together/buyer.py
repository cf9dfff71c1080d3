"""Buy one variant, unit by unit, until it is sold out; print the number of responses by kind.

``python buyer.py ADDRESS VARIANT_ID NUMBER``: every other order is paid.
"""

import json
import secrets
import sys
from collections import Counter

import httpx2

MOST_REQUESTS = 500


def buy(address: str, variant_id: str, number: str) -> Counter[str]:
    """Order until the variant is sold out; count responses by status and code."""
    answers: Counter[str] = Counter()
    body = {
        "lines": [{"variant_id": variant_id, "quantity": 1}],
        "currency": "EUR",
        "email": f"buyer-{number}@example.com",
        "shipping_address": {
            "name": "Buyer",
            "line1": "3 Market Street",
            "city": "Bologna",
            "postal_code": "40121",
            "country": "IT",
        },
    }
    with httpx2.Client(base_url=address, timeout=60) as http:
        for turn in range(MOST_REQUESTS):
            answer = http.post("/v1/orders", json=body, headers=_key())
            code = "" if answer.status_code == 201 else answer.json()["code"]
            answers[f"{answer.status_code} {code}".strip()] += 1
            if answer.status_code == 409:
                break
            if answer.status_code == 201 and turn % 2:
                order = answer.json()
                paid = http.post(
                    f"/v1/orders/{order['id']}/payments",
                    json={"provider": "manual"},
                    headers={**_key(), "Order-Access-Token": order["access_token"]},
                )
                answers[f"payment {paid.status_code}"] += 1
    return answers


def _key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_urlsafe(24)}


if __name__ == "__main__":
    json.dump(buy(*sys.argv[1:]), sys.stdout)
