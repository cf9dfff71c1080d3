"""The examples of the API document are what a shop with sample data answers."""

import pytest

from .examples import record, sample_shop
from .recorder import KEY, file_of, text_of
from .shopping import key


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """What a walk through a new shop records, by feature."""
    return record(tmp_path_factory.mktemp("shop"))


class TestRecord:
    def test_gives_what_is_shipped(self, recorded):
        """Each feature ships what its operations answer today; `nox -s examples` writes it."""
        for feature, examples in recorded.items():
            assert file_of(feature).read_text() == text_of(examples), feature

    def test_another_answer_is_found(self, recorded):
        """A recording with another answer than the shipped one differs."""
        examples = recorded["orders"]
        placed = examples["orders_place_order"]
        other = {**placed, "answer": {**placed["answer"], "amount_total": 1}}

        text = text_of({**examples, "orders_place_order": other})

        assert text != file_of("orders").read_text()

    def test_uses_every_operation(self, recorded, tmp_path):
        """Each operation of the API document has an example of its success."""
        with sample_shop(tmp_path) as app:
            paths = app.test_client().get("/openapi.json").json["paths"]

        operations = {
            operation["operationId"]
            for item in paths.values()
            for operation in item.values()
            if "operationId" in operation
        }
        successes = {
            name
            for examples in recorded.values()
            for name, one in examples.items()
            if "status" in one
        }
        assert operations == successes


class TestPlaceAnOrder:
    def test_works_as_shown(self, tmp_path):
        """The example of "Place an order" places an order in any shop with sample data."""
        with sample_shop(tmp_path) as app:
            client = app.test_client()
            shown = client.get("/openapi.json").json["paths"]["/v1/orders"]["post"]
            body = shown["requestBody"]["content"]["application/json"]["example"]

            [header] = [one for one in shown["parameters"] if one["required"]]
            first = client.post(
                "/v1/orders", json=body, headers={header["name"]: header["example"]}
            )
            second = client.post("/v1/orders", json=body, headers=key())

        assert (header["name"], header["example"]) == ("Idempotency-Key", KEY)
        assert (first.status_code, second.status_code) == (201, 201), first.text
        answer = shown["responses"]["201"]["content"]["application/json"]["example"]
        assert first.json["lines"][0]["sku"] == answer["lines"][0]["sku"]
        assert first.json["amount_total"] == answer["amount_total"]
