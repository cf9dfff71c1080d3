import pytest

from mercato_kit.db import new_id


class TestReplaceMedia:
    def test_replaces_media_in_order(self, client, charlie, lamp):
        """The first image is the product's image_url; former media are removed."""
        url = f"/v1/products/{lamp['id']}/media"
        brass = lamp["variants"][1]["id"]
        charlie.put(url, json=[{"url": "https://img.example.com/old.jpg"}])

        replaced = charlie.put(
            url,
            json=[
                {"url": "https://img.example.com/1.jpg", "alt": "The lamp"},
                {"url": "https://img.example.com/2.jpg", "variant_id": brass},
            ],
        )

        assert (replaced.status_code, replaced.json["version"]) == (200, 3)
        assert replaced.json["image_url"] == "https://img.example.com/1.jpg"
        assert replaced.json["media"] == [
            {"url": "https://img.example.com/1.jpg", "alt": "The lamp", "variant_id": None},
            {"url": "https://img.example.com/2.jpg", "alt": "", "variant_id": brass},
        ]
        listed = client.get("/v1/products").json["data"][0]
        assert listed["image_url"] == "https://img.example.com/1.jpg"

    @pytest.mark.parametrize(
        ("pictures", "pointer"),
        [
            ([{"url": "javascript:alert(1)"}], "/0/url"),
            ([{"url": "//example.com/x.jpg"}], "/0/url"),
            ([{"url": 'https://example.com/x" onerror="alert(1)'}], "/0/url"),
            ([{"url": "https://example.com/'x"}], "/0/url"),
            ([{"url": "https://example.com/<x>"}], "/0/url"),
            ([{"url": "https://example.com/a b"}], "/0/url"),
            ([{"url": "https://example.com/a\n"}], "/0/url"),
            ([{"url": "https://example.com:99999/x"}], "/0/url"),
            ([{"url": "https://[::1/x"}], "/0/url"),
            ([{"url": "https:///x.jpg"}], "/0/url"),
            ([{"url": "https://e.com/x", "alt": "Two\nlines"}], "/0/alt"),
            ([{"alt": "no address"}], "/0/url"),
            ([{"url": "https://e.com/x", "variant_id": str(new_id())}], "/0/variant_id"),
            ([{"url": "https://e.com/x"}] * 51, ""),
        ],
    )
    def test_refuses_invalid_media(self, charlie, lamp, pictures, pointer):
        """Invalid URLs, variants of other products and more than 50 media are refused."""
        refused = charlie.put(f"/v1/products/{lamp['id']}/media", json=pictures)

        assert refused.status_code == 422
        assert [error["pointer"] for error in refused.json["errors"]] == [pointer]
