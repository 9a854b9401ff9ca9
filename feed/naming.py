import re


def snake_case(name: str) -> str:
    """The name of a kind, from that of its class: HTTPError becomes http_error."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
