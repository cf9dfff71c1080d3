"""What names mean in the API document."""

GLOSSARY = {
    "code": "Identifies the tax, such as `de-standard`; rates with other codes are other taxes",
    "country": "ISO 3166-1 alpha-2, or XK",
    "label": "Name of the tax, for customers",
    "ppm": "Parts per million: 190,000 is 19 %",
    "rate_id": "Id of the tax rate",
    "reason": "Why the rate applies; `zero` and `exempt` have 0 ppm",
    "region": "Region in upper case, such as `CA`; empty for the whole country",
    "tax_code": "Tax code of products and of shipping",
    "valid_from": "When it begins to apply; of two rates of one tax, the later one applies",
    "valid_until": "When it ends; null for no end",
}
