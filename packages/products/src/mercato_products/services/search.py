"""Full-text search: the words of products are written, and products found by words."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import insert, session
from mercato_products import words
from mercato_products.models import Product, SearchText, Variant

MOST_FOUND = 1000
"""Products that a search finds at most: the newest ones."""

_STAFF_ONLY = "_"
"""What precedes the words of archived variants in the index."""

_FTS5: Any = sa.table(
    "products_search_index",
    *map(sa.column, ("rowid", "words", "products_search_index")),
)
"""SQLite's full-text index. The column of the table's name stands for the whole row."""


def refresh_words(*product_ids: UUID) -> None:
    """Write the words of products, after a change of them or their variants."""
    session.flush()
    skus: dict[UUID, list[tuple[str, str]]] = {product_id: [] for product_id in product_ids}
    of_variants = sa.select(Variant.product_id, Variant.sku, Variant.status).where(
        Variant.product_id.in_(product_ids)
    )
    for product_id, sku, status in session.execute(of_variants.order_by(Variant.sku)):
        skus[product_id].append((sku, status))
    texts = sa.select(
        Product.id, Product.status, Product.name, Product.brand, Product.description
    ).where(Product.id.in_(product_ids))
    rows = [_row(texts, skus[texts.id]) for texts in session.execute(texts.order_by(Product.id))]
    if rows:
        _write(rows)


def find_words(
    text: str, conditions: Iterable[sa.ColumnElement[Any]], *, hidden_too: bool
) -> sa.Subquery:
    """Return the newest products with all words of a text, at most 1,000.

    Args:
        text: The words; each also finds longer words that begin with it.
        conditions: Further conditions, on SearchText.
        hidden_too: Include products and variants that are not for sale.

    Returns:
        A subquery with ``product_id`` and ``relevance``: higher for words in the name than for
        those in brand and SKUs, and for these than for those in the description.
    """
    query = words.Query(text)
    relevance = _relevance(query).label("relevance")
    found: Any = sa.select(SearchText.product_id, relevance).where(*conditions).limit(MOST_FOUND)
    if not hidden_too:
        found = found.where(SearchText.status == "active")
    markers = ["", _STAFF_ONLY] if hidden_too else [""]
    matching: sa.Select[Any] = _matching(found, query, markers)
    return matching.subquery("found")


def _matching(found: Any, query: words.Query, markers: list[str]) -> Any:
    if not query.words:
        return found.where(sa.false())
    if _is_sqlite():
        is_match = _FTS5.c.products_search_index.op("MATCH")(
            query.write(words.FTS5, markers=markers)
        )
        return (
            found.join(_FTS5, _FTS5.c.rowid == SearchText.number)
            .where(is_match)
            .order_by(_FTS5.c.rowid.desc())
        )
    wanted = sa.cast(query.write(words.TSQUERY, markers=markers), sa.dialects.postgresql.TSQUERY)
    return found.where(SearchText.words.op("@@")(wanted)).order_by(SearchText.number.desc())


def _relevance(query: words.Query) -> sa.ColumnElement[int]:
    total: sa.ColumnElement[int] = sa.literal(0)
    for word in query.words:
        total = total + _relevance_of(word)
    return total


def _relevance_of(word: str) -> sa.Case[int]:
    forms = [word, *words.singulars(word)]

    def whole(column: Any) -> sa.ColumnElement[bool]:
        return sa.or_(*(column.contains(words.spaced([form])) for form in forms))

    return sa.case(
        (whole(SearchText.title), 5),
        (SearchText.title.contains(f" {word}"), 4),
        (whole(SearchText.keys), 3),
        (SearchText.keys.contains(f" {word}"), 2),
        else_=1,
    )


def _row(product: Any, skus: list[tuple[str, str]]) -> dict[str, Any]:
    title = words.words_of(product.name)
    for_sale = [sku for sku, status in skus if status == "active"]
    keys = words.words_of(" ".join([product.brand or "", *for_sale]))
    archived = " ".join(sku for sku, status in skus if status != "active")
    hidden = [_STAFF_ONLY + word for word in words.words_of(archived)]
    everything = dict.fromkeys([*title, *keys, *words.words_of(product.description), *hidden])
    return {
        "product_id": product.id,
        "status": product.status,
        "title": words.spaced(title),
        "keys": words.spaced(keys),
        "words": " ".join(everything),
    }


def _write(rows: list[dict[str, Any]]) -> None:
    added = insert(SearchText).values(rows)
    changed = {name: added.excluded[name] for name in ("status", "title", "keys", "words")}
    session.execute(added.on_conflict_do_update(index_elements=["product_id"], set_=changed))
    if _is_sqlite():
        ids = [row["product_id"] for row in rows]
        written = sa.select(SearchText.number, SearchText.words).where(
            SearchText.product_id.in_(ids)
        )
        replace = sa.insert(_FTS5).prefix_with("OR REPLACE")
        session.execute(replace.from_select(["rowid", "words"], written))


def _is_sqlite() -> bool:
    return session.get_bind().dialect.name == "sqlite"
