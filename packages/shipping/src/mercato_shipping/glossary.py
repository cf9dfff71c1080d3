"""What names mean in the API document."""

GLOSSARY = {
    "amount": "Price in minor units of the currency",
    "areas": "Where the zone is",
    "code": "Code; that of a zone is unique, and that of a method in its zone",
    "country": "ISO 3166-1 alpha-2 or XK; `*` for all countries that no zone names",
    "currency": "ISO 4217 code of the currency",
    "days_max": "Estimated days until delivery, at most",
    "days_min": "Estimated days until delivery, at least",
    "from_amount": "What the goods cost at least, after discounts, in minor units",
    "label": "Name of the method, for customers",
    "methods": "Ways to send goods there, in the order that customers see",
    "postal_prefix": "Beginning of postal codes, without spaces; empty for the whole country",
    "rates": "Prices; of those for the amount and the weight, the closest one applies",
    "tax_code": "Tax code of the method; null for the standard rate",
    "up_to_grams": "What the goods weigh at most; null for any weight",
    "zone_id": "Id of the zone",
}
