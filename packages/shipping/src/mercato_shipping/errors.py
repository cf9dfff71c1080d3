"""Problems of shipping."""

from mercato_kit.errors import Conflict


class ZoneCodeTaken(Conflict):
    """Another zone has the code."""

    code = "zone_code_taken"
    title = "Another zone has this code"


class AreaTaken(Conflict):
    """Another zone has one of the areas: an address belongs to one zone."""

    code = "area_taken"
    title = "Another zone has one of the areas"
