"""Pictures of people: uploaded, encoded anew in two sizes, and served from the database.

Encoding anew leaves behind what else was in the file: places and times, scripts, and tricks on decoders.
"""

from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from io import BytesIO
from threading import Lock
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.db import transaction

from profiles.models import Picture, UserProfile

IS_AVAILABLE = find_spec("PIL") is not None
if IS_AVAILABLE:
    from PIL import Image, ImageOps

SIZES = (256, 64)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 25_000_000
"""A small file can unpack to any number of pixels. These take at most 200 MB, for a moment."""
BACKGROUND = (255, 255, 255)
ORIENTATION = 0x0112
"""The EXIF tag that says how the camera was held."""

_one_at_a_time = Lock()
"""Bounds the memory of a process, however many upload at once."""


def encoded(file: IO[bytes]) -> dict[int, bytes]:
    """The picture as square WebP, by size. Raises ValidationError if the file is none of the formats, too large or
    broken."""
    try:
        with _one_at_a_time, Image.open(file, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            largest = _square(image, max(SIZES))
        return {size: _as_webp(largest, size) for size in SIZES}
    except Image.DecompressionBombError as error:
        raise ValidationError("The picture has too many pixels. At most 25 million are allowed.") from error
    except Exception as error:  # Pillow raises many types for broken files
        raise ValidationError("This isn't a picture that can be read. Use JPEG, PNG, WebP or GIF.") from error


def _square(image: Any, size: int) -> Any:
    """The middle of the first frame, upright and without transparency."""
    image.draft("RGB", (2 * size, 2 * size))  # a large JPEG is decoded at a fraction of its size
    orientation = image.getexif().get(ORIENTATION, 1)
    pixels = image if image.mode == "RGB" else image.convert("RGBA")
    square = ImageOps.fit(pixels, (size, size))
    if square.mode == "RGBA":
        flat = Image.new("RGB", square.size, BACKGROUND)
        flat.paste(square, mask=square)
        square = flat
    square.getexif()[ORIENTATION] = orientation
    return ImageOps.exif_transpose(square)


def _as_webp(image: Any, size: int) -> bytes:
    written = BytesIO()
    clean = Image.frombytes("RGB", image.size, image.tobytes())  # without EXIF and colour profile
    clean.resize((size, size)).save(written, "WEBP", quality=85, method=4)
    return written.getvalue()


def keep(user: Any, contents: dict[int, bytes]) -> None:
    """Store the picture in place of the user's earlier one."""
    version = sha256(b"".join(contents.values())).hexdigest()[:16]
    with transaction.atomic():
        _set_version(user, version)
        new = partial(Picture, user=user, version=version)
        Picture.objects.bulk_create([new(size=size, content=content) for size, content in contents.items()])


def remove(user: Any) -> None:
    with transaction.atomic():
        _set_version(user, "")


def _set_version(user: Any, version: str) -> None:
    """Locks the profile first: two uploads at the same time must not leave halves of two pictures."""
    UserProfile.objects.get_or_create(user=user)
    UserProfile.objects.filter(user=user).update(picture=version)
    Picture.objects.filter(user=user).delete()
