"""Record requests and responses of a shop as the examples of its API document.

What differs between two runs is replaced: ids by UUIDs of their order, times by one time, secrets
by texts of the same form. Ids of the sample data are UUIDs of version 5, and stay.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from flask import Flask
from werkzeug.test import TestResponse

from mercato_kit.composition import current_composition

ROOT = Path(__file__).parents[3]
KEY = "a-new-text-for-each-request"
TIME = "2026-01-02T03:04:05.678Z"

_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
_REFERENCE = re.compile(r"\bpay_[0-9a-f]{24}\b")
"""What the sandbox calls a payment."""

_FIXED = "01900000-0000-7000-8000-"
"""The beginning of ids that migrations write."""

_SECRETS: Mapping[str, str] = {
    "refresh_token": "q3Jc0QmS4l8tq1xkq0u3o6m8w3m0bq5l0yV2m1wT9kE",
    "device_token": "hB7nV2kQ9sD4wL1xC6mT8pJ3rF5gY0aZ2eU7iO4bN6s",
    "token": "Zr4Wm1hN8c0sX2pL6vK9qT3yB7dF5gJ1aU4eR8iO0nM",
    "next_cursor": "WyJuZXh0Il0.c2lnbmF0dXJl",
    "challenge": "Lx8Gd3kQ0vN5sT2yB9cR7wE4mJ1uH6aZ0pF3iK8oD2X",
    "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "uri": "otpauth://totp/Mercato:ada%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=Mercato",
    "answer": "MFRG-GZDF-MZTW-Q2LK-NNWG-23TP",
    "credential": '{"id": "vQ2kR8sN4wL1xC6mT8pJ3g", "type": "public-key", "response": {}}',
    "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    "key": "mercato_test_00000000000000000000000000000000000000",
    "start": "mercato_test_0000",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
_RECOVERY_CODE = re.compile(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){5}")
_CODE = re.compile(r"[0-9]{6}")
"""What an authenticator app shows."""

_RAW_ID = re.compile(r"[\w-]{22}|[\w-]{43}")
"""The id of an account or a passkey, as WebAuthn writes it."""

_JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl"
_GUESTS_SECRET = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"


class Recorder:
    """Sends requests to an app, and records the first response of each status.

    Attributes:
        recorded: What was recorded, by operation.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._client = app.test_client()
        self.recorded: dict[str, dict[str, Any]] = {}

    def send(
        self, method: str, path: str, *, token: str | None = None, **options: Any
    ) -> TestResponse:
        """Send a request, and record it with its response."""
        sent = dict(options.pop("headers", {}))
        authorization = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = self._client.open(
            path, method=method, headers={**sent, **authorization}, **options
        )
        endpoint, arguments = self._app.url_map.bind_to_environ(answer.request.environ).match()
        record = self.recorded.setdefault(str(endpoint).replace(".", "_"), {})
        if answer.status_code < 400:
            request = _request(sent, arguments, options)
            success = {"request": request, "status": answer.status_code, "answer": answer.json}
            record.update({key: value for key, value in success.items() if key not in record})
        else:
            record.setdefault("refusals", {}).setdefault(answer.json["code"], answer.json)
        return answer

    def examples(self) -> dict[str, dict[str, Any]]:
        """Return the examples of each feature, by the name of the feature and the operation."""
        steady = json.loads(_steady(json.dumps(_without_secrets(self.recorded))))
        with self._app.app_context():
            features = current_composition().features
        return {
            feature.name: {
                name: steady[name]
                for blueprint in feature.blueprints
                for route in blueprint.routes
                if (name := f"{blueprint.name}_{route.endpoint}") in steady
            }
            for feature in features
            if feature.blueprints
        }


def file_of(feature: str) -> Path:
    """Return the file with the examples of a feature."""
    folder = feature.replace("_", "-")
    return ROOT / f"packages/{folder}/src/mercato_{feature}/examples.json"


def text_of(examples: Mapping[str, Any]) -> str:
    """Return the text of a file with examples."""
    return json.dumps(examples, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _request(sent: dict[str, str], path: Mapping[str, Any], options: Any) -> dict[str, Any]:
    parts = {
        "headers": {name: KEY if name == "Idempotency-Key" else it for name, it in sent.items()},
        "path": {name: str(value) for name, value in path.items()},
        "query": options.get("query_string", {}),
    }
    request = {name: part for name, part in parts.items() if part}
    return {**request, "body": options["json"]} if "json" in options else request


def _without_secrets(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_secrets(one) for one in part]
    if isinstance(part, dict):
        return {name: _secretless(name, value) for name, value in part.items()}
    if isinstance(part, str) and _RECOVERY_CODE.fullmatch(part):
        return _SECRETS["answer"]
    return part


def _secretless(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return _without_secrets(value)
    if name == "access_token" or name.endswith("-Token"):
        return _JWT if "." in value else _GUESTS_SECRET
    if name == "code" and _CODE.fullmatch(value):
        return "123456"
    if name == "id" and _RAW_ID.fullmatch(value):
        return "vQ2kR8sN4wL1xC6mT8pJ3g"
    return _SECRETS.get(name, value)


def _steady(text: str) -> str:
    """Replace ids and times that differ between two runs."""
    seen = {one: number for number, one in enumerate(dict.fromkeys(_made(text)))}
    for old, number in seen.items():
        text = text.replace(old, str(uuid5(NAMESPACE_URL, f"https://mercato.example/{number}")))
    return _TIME.sub(TIME, _REFERENCE.sub("pay_7d5c1f0be0a94f2c8d3e6b17", text))


def _made(text: str) -> Iterator[str]:
    for one in _UUID.findall(text):
        if UUID(one).version in (4, 7) and not one.startswith(_FIXED):
            yield one
