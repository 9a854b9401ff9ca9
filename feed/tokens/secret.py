"""The secret of a token: `rill_`, 43 random letters and digits, and a checksum of 8 hexadecimal digits.

By the prefix and the checksum a scanner finds a leaked token and tells it from a text that looks like one. The random
part has 256 bits. It can't be guessed, so a fast digest is enough, and the table can be looked up by it.
"""

import hashlib
import re
import secrets
import string
import zlib

PREFIX = "rill_"
LETTERS = string.ascii_letters + string.digits
LENGTH = 43
PATTERN = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{LENGTH}}})([0-9a-f]{{8}})", re.ASCII)


def new_secret() -> str:
    random = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return f"{PREFIX}{random}{checksum(random)}"


def checksum(random: str) -> str:
    return f"{zlib.crc32(random.encode()):08x}"


def is_secret(text: str) -> bool:
    """Whether the text can be the secret of a token. What can't be one costs no query."""
    found = PATTERN.fullmatch(text)
    return found is not None and found[2] == checksum(found[1])


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
