"""Where this project lives: said once, in the settings of the workspace."""

import tomllib
from collections.abc import Iterator

from mercato_dev.distributions import WORKSPACE, Distribution

SETTINGS = tomllib.loads(WORKSPACE.read_text()).get("tool", {}).get("mercato", {})
HOME: str = SETTINGS.get("home", "")

# Nobody can own such a name (RFC 2606): it stands for one that is not known yet.
IS_KNOWN = not HOME.endswith(".example")


def faults_of_addresses(item: Distribution) -> Iterator[str]:
    """Find links in the metadata that lead to another place."""
    for label, url in item.project.get("urls", {}).items():
        if not f"{url}/".startswith(f"{HOME}/"):
            yield (
                f"the project URL {label!r} is {url}, and not below {HOME}: [tool.mercato] in"
                " pyproject.toml says where the project lives"
            )
