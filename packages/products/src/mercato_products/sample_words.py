"""Words, sizes and base prices of the sample shop."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product; each series has one product of each kind.

    Args:
        name: Name of the kind.
        category: Handle of its category.
        cents: Base price in EUR cents.
        grams: Base weight in grams.
        options: Option values, by option name.
        about: A sentence for the description.
    """

    name: str
    category: str
    cents: int
    grams: int
    about: str
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)


DEPARTMENTS = {
    ("furniture", "Furniture"): {
        "tables": "Tables",
        "chairs": "Chairs",
        "storage": "Storage",
    },
    ("lighting", "Lighting"): {
        "table-lamps": "Table lamps",
        "ceiling-lamps": "Ceiling lamps",
    },
    ("kitchen", "Kitchen"): {
        "cookware": "Cookware",
        "tableware": "Tableware",
        "kitchen-textiles": "Kitchen textiles",
    },
    ("living", "Living"): {
        "textiles": "Textiles",
        "decoration": "Decoration",
        "bathroom": "Bathroom",
    },
    ("clothing", "Clothing"): {
        "tops": "Tops",
        "outerwear": "Outerwear",
        "accessories": "Accessories",
    },
    ("outdoor", "Outdoor"): {
        "bags": "Bags",
        "camping": "Camping",
        "garden": "Garden",
    },
    ("gifts", "Gifts"): {"gift-cards": "Gift cards"},
}
"""Categories by handle, for each department's handle and name."""

WOOD = ("Oak", "Walnut", "Ash")
METAL = ("Black", "Brass")
GLAZE = ("White", "Sand", "Deep blue")
CLOTH = ("Natural", "Charcoal", "Rust")
SIZES = ("S", "M", "L", "XL")

KINDS = (
    Kind("Dining Table", "tables", 74900, 38000, "Seats six.", {"Wood": WOOD}),
    Kind("Side Table", "tables", 14900, 5200, "Fits beside any sofa.", {"Wood": WOOD}),
    Kind("Desk", "tables", 38900, 24000, "With a drawer.", {"Wood": WOOD, "Width": ("120", "160")}),
    Kind("Chair", "chairs", 17900, 5400, "Stacks four high.", {"Wood": WOOD, "Seat": CLOTH[:2]}),
    Kind("Armchair", "chairs", 59900, 16500, "Deep, with a loose cushion.", {"Fabric": CLOTH}),
    Kind("Stool", "chairs", 8900, 3100, "Turned legs.", {"Wood": WOOD, "Height": ("45", "65")}),
    Kind("Bookshelf", "storage", 32900, 29000, "Five boards.", {"Wood": WOOD}),
    Kind(
        "Storage Box", "storage", 2900, 900, "Felted wool.", {"Colour": CLOTH, "Size": ("S", "L")}
    ),
    Kind("Desk Lamp", "table-lamps", 9900, 1800, "Turns and tilts.", {"Finish": METAL}),
    Kind("Bedside Lamp", "table-lamps", 6900, 1200, "Dims by touch.", {"Finish": METAL}),
    Kind("Pendant Lamp", "ceiling-lamps", 15900, 2400, "Cable of two metres.", {"Finish": METAL}),
    Kind("Ceiling Light", "ceiling-lamps", 8900, 1900, "Opal glass.", {"Finish": METAL}),
    Kind("Frying Pan", "cookware", 5900, 1700, "Carbon steel.", {"Diameter": ("20", "24", "28")}),
    Kind(
        "Casserole", "cookware", 12900, 4200, "Cast iron.", {"Colour": GLAZE, "Litres": ("3", "5")}
    ),
    Kind("Kitchen Knife", "cookware", 7900, 240, "Forged blade.", {"Blade": ("12", "18", "21")}),
    Kind("Mug", "tableware", 1690, 380, "Holds a third of a litre.", {"Glaze": GLAZE}),
    Kind("Plate", "tableware", 1990, 620, "Stoneware.", {"Glaze": GLAZE, "Size": ("21", "27")}),
    Kind("Bowl", "tableware", 1890, 540, "Stoneware.", {"Glaze": GLAZE}),
    Kind("Carafe", "tableware", 3490, 780, "Mouth-blown glass."),
    Kind("Tea Towel", "kitchen-textiles", 1290, 110, "Linen.", {"Colour": CLOTH}),
    Kind("Apron", "kitchen-textiles", 3990, 320, "With two pockets.", {"Colour": CLOTH}),
    Kind("Cushion", "textiles", 3990, 650, "Filled with wool.", {"Colour": CLOTH}),
    Kind("Throw", "textiles", 7990, 1100, "Woven in one piece.", {"Colour": CLOTH}),
    Kind(
        "Rug", "textiles", 24900, 6800, "Hand-tufted.", {"Colour": CLOTH, "Size": ("S", "M", "L")}
    ),
    Kind("Vase", "decoration", 4490, 900, "Thrown by hand.", {"Glaze": GLAZE, "Size": ("S", "L")}),
    Kind("Candle", "decoration", 1990, 420, "Burns for forty hours.", {"Scent": ("Fig", "Cedar")}),
    Kind("Wall Clock", "decoration", 8490, 1300, "Runs without a sound.", {"Finish": METAL}),
    Kind("Bath Towel", "bathroom", 3490, 560, "Waffle weave.", {"Colour": CLOTH}),
    Kind("Soap Dish", "bathroom", 1590, 260, "Drains by itself.", {"Glaze": GLAZE}),
    Kind("T-Shirt", "tops", 2990, 180, "Heavy cotton.", {"Size": SIZES, "Colour": CLOTH[:2]}),
    Kind("Shirt", "tops", 6990, 260, "Washed linen.", {"Size": SIZES}),
    Kind("Sweater", "tops", 11900, 620, "Lambswool.", {"Size": SIZES, "Colour": CLOTH}),
    Kind("Rain Jacket", "outerwear", 15900, 540, "Taped seams.", {"Size": SIZES}),
    Kind("Wool Coat", "outerwear", 32900, 1500, "Fully lined.", {"Size": SIZES}),
    Kind("Scarf", "accessories", 4990, 190, "Brushed wool.", {"Colour": CLOTH}),
    Kind("Beanie", "accessories", 2990, 90, "Ribbed.", {"Colour": CLOTH}),
    Kind("Backpack", "bags", 12900, 980, "Twenty litres.", {"Colour": CLOTH}),
    Kind("Tote Bag", "bags", 2490, 260, "Carries ten kilograms.", {"Colour": CLOTH}),
    Kind("Thermos Flask", "camping", 3490, 420, "Keeps hot for a day.", {"Colour": GLAZE}),
    Kind("Camping Stove", "camping", 8990, 350, "Boils a litre in three minutes."),
    Kind("Watering Can", "garden", 3990, 900, "Galvanised.", {"Litres": ("2", "5")}),
    Kind("Planter", "garden", 5490, 3400, "Frost-proof.", {"Glaze": GLAZE, "Size": ("M", "L")}),
)

SERIES = {
    "Alba": "Northlight",
    "Brisa": "Northlight",
    "Corvo": "Halden & Sons",
    "Dune": "Maren Studio",
    "Elva": "Halden & Sons",
    "Fjord": "Northlight",
    "Granito": "Casa Vella",
    "Hygge": "Maren Studio",
    "Isla": "Casa Vella",
    "Juno": "Maren Studio",
    "Kite": "Orrery",
    "Lumo": "Orrery",
    "Mistral": "Casa Vella",
}
"""Brand of each series. A series has one product of each kind."""

GIFT_CARDS = (2500, 5000, 10000)
"""Values of gift cards, in EUR cents. Their inventory is not tracked."""
