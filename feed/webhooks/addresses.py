"""Where a webhook may be sent: not into the site's own network, whatever its URL says.

The name is looked up once for each delivery, all its addresses are checked, and the connection is made to an address
that was checked. So a name that leads elsewhere a moment later (DNS rebinding) gains nothing.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

from feed.conf import conf


class Refused(Exception):
    """The URL leads to an address that webhooks may not be sent to."""


def addresses_of(host: str, port: int) -> list[str]:
    """The addresses of the host. Raises Refused if one of them isn't public, and OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    for address in addresses:
        if not (conf.FEED_WEBHOOK_PRIVATE or is_public(ip_address(address))):
            raise Refused(f"{host} leads to {address}, which isn't a public address. See FEED_WEBHOOK_PRIVATE.")
    return addresses


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is on the internet. Addresses of IPv6 that stand for one of IPv4 are not: they could stand
    for a private one."""
    if address.is_multicast or address.is_reserved:  # `is_reserved` covers ::ffff:0:0/96 and 64:ff9b::/96
        return False
    if isinstance(address, IPv6Address) and (address.is_site_local or address.sixtofour or address.teredo):
        return False
    return address.is_global
