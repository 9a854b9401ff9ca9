def parse_number(text: object) -> int | None:
    """A whole number that isn't negative and fits into a database's bigint; None if `text` isn't one."""
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    return None
