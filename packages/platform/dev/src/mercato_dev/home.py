"""The URL of the project, from ``[tool.mercato]`` in the workspace's pyproject.toml."""

import tomllib
from collections.abc import Iterator

from mercato_dev.distributions import WORKSPACE, Distribution

SETTINGS = tomllib.loads(WORKSPACE.read_text()).get("tool", {}).get("mercato", {})
HOME: str = SETTINGS.get("home", "")

# RFC 2606 reserves the domain for examples: the real URL is not decided yet.
IS_KNOWN = not HOME.endswith(".example")


def faults_of_addresses(item: Distribution) -> Iterator[str]:
    """Find links in the metadata that do not start with the URL of the project."""
    for label, url in item.project.get("urls", {}).items():
        if not f"{url}/".startswith(f"{HOME}/"):
            yield (
                f"the project URL {label!r} is {url}, and not below {HOME}, the home that"
                " [tool.mercato] in pyproject.toml sets"
            )
