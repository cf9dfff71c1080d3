"""Random rows that the database accepts, for the test of the views."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from sqlalchemy.orm import selectinload

from mercato_shipping.models import Area, Method, Rate, Zone
from mercato_testing.views import ViewCase

START = datetime(1900, 1, 1, tzinfo=UTC)
TIMES = st.timedeltas(timedelta(), timedelta(days=365 * 300)).map(START.__add__)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=9)
AMOUNTS = st.integers(0, 2**53 - 1)
DAYS = st.none() | st.integers(0, 9)


def maybe(strategy):
    """Return a strategy that also draws None."""
    return st.none() | strategy


@st.composite
def zones(draw):
    """Draw a zone with areas, methods and rates."""
    zone = Zone(
        **{name: draw(TIMES) for name in ("created_at", "updated_at")},
        id=draw(st.uuids()),
        code=draw(TEXT),
        metadata_=draw(st.dictionaries(TEXT, TEXT, max_size=2)),
    )
    countries = draw(st.lists(st.sampled_from(["DE", "FR", "US", "*"]), unique=True))
    rows = [zone, *(Area(country=country, zone_id=zone.id) for country in countries)]
    for position in range(draw(st.integers(0, 2))):
        rows += draw(methods(zone, position))
    return rows


@st.composite
def methods(draw, zone, position):
    """Draw a method with rates."""
    method = Method(
        id=draw(st.uuids()),
        zone_id=zone.id,
        position=position,
        code=str(position),
        label=draw(TEXT),
        tax_code=draw(maybe(TEXT)),
        days_min=draw(DAYS),
        days_max=draw(maybe(st.integers(9, 99))),
    )
    rates = [
        Rate(
            method_id=method.id,
            position=place,
            currency="EUR",
            from_amount=place,
            up_to_grams=draw(maybe(st.integers(1, 2**31 - 1))),
            amount=draw(AMOUNTS),
        )
        for place in range(draw(st.integers(0, 2)))
    ]
    return [method, *rates]


VIEW_CASES = {
    "ZONES": ViewCase(
        zones(),
        values=lambda zone: {"id": zone.id},
        options=[selectinload(Zone.areas), selectinload(Zone.methods).selectinload(Method.rates)],
    )
}
