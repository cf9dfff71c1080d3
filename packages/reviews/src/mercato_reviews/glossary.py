"""What names mean in the API document."""

GLOSSARY = {
    "author_name": "What readers see as the author; null for nothing",
    "average": "Average rating, to two decimals",
    "count": "Number of published reviews",
    "hidden_reason": "Why staff hid it; null while it is published",
    "product_id": "Id of the product",
    "rating": "1 (worst) to 5 (best)",
    "reason": "Why it is hidden, for its author",
    "review_id": "Id of the review",
    "status": "`published`, or `hidden` by staff",
    "text": "What the author says",
    "title": "The same in a few words",
    "ReviewQuery.status": "`hidden` requires the permission reviews.moderate; default: `published`",
    "ReviewList.data": "The items of the page",
}
