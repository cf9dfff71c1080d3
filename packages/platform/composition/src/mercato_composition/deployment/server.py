"""What is checked of ``[server]`` beside types: addresses, names of hosts, and origins."""

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from mercato_composition.deployment import edits
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import Server
from mercato_composition.deployment.partial import Partial
from mercato_composition.deployment.urls import split_url
from mercato_composition.faults import Fault
from mercato_kit.settings import shown_as

# A name in its ASCII form or an IPv4 address, as werkzeug compares them.
_HOST = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*")

# A name that this machine resolves, such as that of a container.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")

# As a browser writes it (RFC 6454): an address in brackets, or a name in its ASCII form.
_ORIGIN = re.compile(r"https?://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?")


def hosts(source: Source, server: Partial[Server]) -> Iterator[Fault]:
    """Check ``hosts`` in ``[server]``: the ``Host`` header of a request is compared with them."""
    path = ("server", "hosts")
    for host in server.hosts:
        if not _HOST.fullmatch(host):
            what = (
                f"{shown_as(host) or 'an entry'} in 'hosts' is not the name of a host: a-z, 0-9 "
                "and hyphens, or an IPv4 address, without scheme, port and final dot: "
                "shop.example, or .shop.example with its subdomains; xn--… for a name with other "
                "letters."
            )
            fix = edits.set_value(source, path, corrected_hosts(server.hosts))
            yield Fault("K202", source.shown(*path), what, (fix,))


def corrected_hosts(hosts: Iterable[str]) -> list[str]:
    """Return the names of hosts without scheme, port and path; without those that are none."""
    bare = [re.sub(r"^\w+://", "", host.lower()) for host in hosts]
    names = [re.split(r"[/:?#]", host)[0].rstrip(".") for host in bare]
    return list(dict.fromkeys(name for name in names if _HOST.fullmatch(name)))


def listen(source: Source, server: Partial[Server]) -> Iterator[Fault]:
    """Check ``host`` in ``[server]``: an address of this machine, or a name of it."""
    if not (_is_address(server.host) or _NAME.fullmatch(server.host)):
        what = f"{shown_as(server.host) or 'the value'} in 'host' is not an address or a name."
        what += " An address has no scheme, brackets or port: 127.0.0.1, or :: for IPv6."
        fix = edits.set_value(source, ("server", "host"), _listened(server.host))
        yield Fault("K202", source.shown("server", "host"), what, (fix,))


def _listened(host: str) -> str:
    """Return the address in a text with scheme, brackets or port, else that of this machine."""
    bare = re.sub(r"^\w+://", "", host)
    found = re.match(r"\[([^\]]*)\]|([^/:]+)", bare)
    address = (found[1] or found[2] or "") if found else ""
    return address if _is_address(address) else Server().host


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def origins(source: Source, server: Partial[Server]) -> Iterator[Fault]:
    """Check ``origins`` in ``[server]``: a browser's ``Origin`` header is compared with them."""
    where = source.origin("server", "origins")
    for origin in server.origins:
        if _ORIGIN.fullmatch(origin) and _is_port_of_origin(origin):
            continue
        what = (
            f"{shown_as(origin) or 'an entry'} in 'origins' is not an origin: scheme, host in "
            "lower case, and port if it is not the default, without a path: "
            "https://shop.example"
        )
        if origin == "*":
            what = "'*' in 'origins' lets the pages of every site call the API; list each."
        fix = edits.set_value(source, ("server", "origins"), corrected_origins(server.origins))
        yield Fault("K202", where, what, (fix,))


def corrected_origins(origins: Iterable[str]) -> list[str]:
    """Return origins as browsers write them, without texts that are none."""
    found = []
    for text in origins:
        place = split_url(text.lower())
        bare = re.match(r"https?://[^/?#]*", text.lower())
        if place is not None and bare:
            plain = bare[0].removesuffix(f":{443 if place.scheme == 'https' else 80}")
            found += [plain] if _ORIGIN.fullmatch(plain) else []
    return list(dict.fromkeys(found))


def _is_port_of_origin(origin: str) -> bool:
    """Tell whether a browser sends the port of *origin*: it leaves out the default one."""
    place = split_url(origin)
    return place is not None and (place.scheme, place.port) not in {("https", 443), ("http", 80)}
