"""The environment variables that Kubernetes sets for the Services of a namespace.

In every container, those of a Service ``mercato`` or ``mercato-…`` start with ``MERCATO_``.
"""

import re

_ADDRESS = r"[0-9a-fA-F.:]+"
_NUMBER = r"\d+"
_PROTOCOL = r"(tcp|udp|sctp)"
_URL = rf"{_PROTOCOL}://\S+:{_NUMBER}"

# The value is part of the pattern, so that MERCATO_PORT=8000 is still reported as a mistake. A name
# with a double underscore does not match: it is that of a setting in a table.
# Source: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_OF_A_SERVICE = re.compile(
    rf"""
    MERCATO (_[A-Z0-9]+)*
    (
        _SERVICE_HOST={_ADDRESS}
        | _SERVICE_PORT (_[A-Z0-9]+)* ={_NUMBER}
        | _PORT={_URL}
        | _PORT_\d+_(TCP|UDP|SCTP)
          ( ={_URL} | _PROTO={_PROTOCOL} | _PORT={_NUMBER} | _ADDR={_ADDRESS} )
    )
    """,
    re.VERBOSE,
)


def is_of_a_service(variable: str, text: str) -> bool:
    """Return whether Kubernetes set *variable* to *text* for a Service; it is no setting."""
    return _OF_A_SERVICE.fullmatch(f"{variable}={text}") is not None
