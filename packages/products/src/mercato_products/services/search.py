"""Full-text search: the words of products are written, and products found by words."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import insert, session
from mercato_products import words
from mercato_products.models import CategoryListing, Product, SearchText, Variant
from mercato_products.services.vocabulary import add_words, words_for
from mercato_products.words import All, Node, Term

MOST_FOUND = 1000
"""Products that a search finds at most: the newest ones."""

MOST_READ = 5000
"""Products that are read for beginnings of too many words, at most: the newest ones."""

_STAFF_ONLY = "_"
"""What precedes words in the index that only staff may find: those of what is not for sale."""

_FACT = "@"
"""What precedes facts in the index: the ids of categories, and whether there is stock."""

_FTS5: Any = sa.table(
    "products_search_index",
    *map(sa.column, ("rowid", "words", "products_search_index")),
)
"""SQLite's full-text index. The column of the table's name stands for the whole row."""


class Found(NamedTuple):
    """What a search finds.

    Args:
        products: A subquery with ``product_id`` and ``relevance``: higher for words in the name
            than for those in brand and SKUs, and for these than for those in the description.
        of_all: Whether they are all that there are, if they are fewer than 1,000.
    """

    products: sa.Subquery
    of_all: bool


def refresh_words(*product_ids: UUID) -> None:
    """Write the words of products, after a change of them, their variants or their categories."""
    session.flush()
    of_variants = sa.select(Variant.product_id, Variant.sku, Variant.status).where(
        Variant.product_id.in_(product_ids)
    )
    skus = _grouped(session.execute(of_variants.order_by(Variant.sku)))
    of_categories = sa.select(CategoryListing.product_id, CategoryListing.category_id).where(
        CategoryListing.product_id.in_(product_ids)
    )
    categories = _grouped(session.execute(of_categories.order_by(CategoryListing.category_id)))
    shown = (Product.status, Product.in_stock, Product.name, Product.brand, Product.description)
    texts = sa.select(Product.id, *shown).where(Product.id.in_(product_ids))
    rows = [
        words_row(texts, skus[texts.id], [category.hex for (category,) in categories[texts.id]])
        for texts in session.execute(texts.order_by(Product.id))
    ]
    if rows:
        _write(rows)


def find_words(
    text: str, category_id: UUID | None = None, *, in_stock: bool | None = None, hidden_too: bool
) -> Found:
    """Find the newest products with all words of a text, at most 1,000.

    A word also finds longer words that begin with it. If there are more than 50 of them, the index
    is of no use: then the newest 5,000 products with the other words are read.

    Args:
        text: The words.
        category_id: The category that lists the products; None for all products.
        in_stock: Whether they are in stock; None for all products.
        hidden_too: Include products and variants that are not for sale.
    """
    query = words.Query(text)
    shown = SearchText.product_id, _relevance(query).label("relevance")
    if not query.words:
        return Found(sa.select(*shown).where(sa.false()).subquery("found"), of_all=True)
    tree = query.tree(["", _STAFF_ONLY] if hidden_too else [""])
    facts = [] if category_id is None else [category_id.hex]
    facts += [] if in_stock is None else [_stock(in_stock=in_stock)]
    meant = words_for(words.terms_of(tree))
    found = _newest(_with_facts(words.spelt_out(tree, meant), facts), *shown)
    of_all = all(term in meant for term in words.terms_of(tree) if term.begins)
    if not of_all:
        found = _read(found, tree)
    return Found(found.limit(MOST_FOUND).subquery("found"), of_all)


def _read(found: Any, tree: Node) -> Any:
    """Read the words of the newest products *found*, and select those that fulfil a query."""
    numbers = found.with_only_columns(SearchText.number, maintain_column_froms=True)
    oldest = numbers.limit(1).offset(MOST_READ - 1)
    first = sa.func.coalesce(oldest.correlate(None).scalar_subquery(), 1)
    return found.where(SearchText.number >= first, _has(tree))


def _with_facts(indexed: Node | None, facts: Sequence[str]) -> Node | None:
    nodes = [Term(_FACT + fact, begins=False) for fact in facts]
    parts = [*nodes] if indexed is None else [indexed, *nodes]
    return All(parts) if parts else None


def _stock(*, in_stock: bool) -> str:
    return "in" if in_stock else "out"


def _newest(indexed: Node | None, *columns: Any) -> Any:
    """Select the products that the index has for a query, the newest first."""
    found = sa.select(*columns)
    if indexed is None:
        return found.where(SearchText.number >= 1).order_by(SearchText.number.desc())
    if not _is_sqlite():
        is_match = SearchText.words.op("@@")(_tsquery(indexed))
        return found.where(is_match).order_by(SearchText.number.desc())
    is_match = _FTS5.c.products_search_index.op("MATCH")(words.FTS5.write(indexed))
    joined = found.join_from(SearchText, _FTS5, _FTS5.c.rowid == SearchText.number)
    return joined.where(is_match).order_by(_FTS5.c.rowid.desc())


def _has(node: Node) -> sa.ColumnElement[bool]:
    """Return the condition that the words of a product match a query, without the index."""
    if not _is_sqlite():
        # The index is not asked for an expression.
        return sa.func.strip(SearchText.words).op("@@", is_comparison=True)(_tsquery(node))
    if isinstance(node, Term):
        end = "" if node.begins else " "
        return sa.func.instr(" " + SearchText.words + " ", f" {node.word}{end}") > 0
    return (sa.and_ if isinstance(node, All) else sa.or_)(*map(_has, node))


def _tsquery(node: Node) -> Any:
    return sa.cast(words.TSQUERY.write(node), sa.dialects.postgresql.TSQUERY)


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


def _grouped(rows: Iterable[Any]) -> Mapping[UUID, list[Any]]:
    """Return the rows, without their first value, by that."""
    found = defaultdict(list)
    for key, *values in rows:
        found[key].append(values)
    return found


def words_row(product: Any, skus: Iterable[Any], categories: Iterable[str]) -> dict[str, Any]:
    """Return the row of a product in the search.

    Args:
        product: Has ``id``, ``status``, ``in_stock``, ``name``, ``brand`` and ``description``.
        skus: The SKU and the status of each variant.
        categories: The ids of the categories that list it, in hexadecimal digits.
    """
    title = words.words_of(product.name)
    for_sale = [sku for sku, status in skus if status == "active"]
    keys = words.words_of(" ".join([product.brand or "", *for_sale]))
    archived = " ".join(sku for sku, status in skus if status != "active")
    public = [*title, *keys, *words.words_of(product.description)]
    hidden = words.words_of(archived)
    if product.status != "active":
        public, hidden = [], [*public, *hidden]
    found = dict.fromkeys([*public, *(_STAFF_ONLY + word for word in hidden)])
    facts = [*categories, _stock(in_stock=product.in_stock)]
    return {
        "product_id": product.id,
        "title": words.spaced(title),
        "keys": words.spaced(keys),
        "words": " ".join([*found, *(_FACT + fact for fact in facts)]),
    }


def _write(rows: list[dict[str, Any]]) -> None:
    add_words({word for row in rows for word in row["words"].split() if word[0] != _FACT})
    added = insert(SearchText).values(rows)
    changed = {name: added.excluded[name] for name in ("title", "keys", "words")}
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
