"""Pictures of people: encoded anew, bounded, cached for ever, and removed when their owner wants it."""

from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pytest_django import Settings

from feed.models import StatusChange
from profiles import pictures
from profiles.models import Picture, UserProfile
from tests.conftest import logged_in

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def drawn(form: str = "PNG", size: tuple[int, int] = (300, 200), **options: Any) -> bytes:
    """A picture: its left half is red, its right half blue."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    written = BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def upload(client: Client, content: bytes) -> Any:
    return client.post("/profile/picture/", {"picture": SimpleUploadedFile("me.png", content)})


def url_of(name: str = "alice", size: int = 64) -> str:
    return f"/people/{name}/avatar/{UserProfile.objects.get(user__username=name).picture}-{size}.webp"


def opened(client: Client, size: int) -> Image.Image:
    return Image.open(BytesIO(client.get(url_of(size=size)).content))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_is_served_in_two_sizes_to_everybody(client: Client, as_alice: Client, form: str) -> None:
    assert upload(as_alice, drawn(form)).headers["Location"] == "/profile/"
    for size in (64, 256):
        image = opened(client, size)
        assert (image.format, image.size) == ("WEBP", (size, size))
        red, _, blue = image.convert("RGB").getpixel((size // 8, size // 2))  # type: ignore[misc]
        assert red > 200 > 50 > blue


def test_the_picture_is_in_rows_and_on_her_page(client: Client, as_alice: Client, hello: StatusChange) -> None:
    upload(as_alice, drawn())
    assert f'<img src="{url_of()}" alt="" width="40" height="40" loading="lazy">' in client.get("/").content.decode()
    assert f'<img src="{url_of(size=256)}"' in client.get("/people/alice/").content.decode()


def test_a_picture_may_be_cached_for_ever_and_costs_one_query(as_alice: Client, django_assert_num_queries: Any) -> None:
    upload(as_alice, drawn())
    url = url_of()
    with django_assert_num_queries(1):
        response = as_alice.get(url)
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Type"] == "image/webp"
    assert "Cookie" not in response.headers.get("Vary", "")


def test_place_and_time_are_taken_out_and_the_picture_is_upright(client: Client, as_alice: Client) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    exif[0x010F] = "A camera that nobody need know"
    upload(as_alice, drawn("JPEG", exif=exif))
    content = client.get(url_of(size=256)).content
    assert b"camera" not in content
    assert not Image.open(BytesIO(content)).getexif()
    red, _, blue = Image.open(BytesIO(content)).convert("RGB").getpixel((32, 128))  # type: ignore[misc]
    assert blue > red


def test_a_moving_picture_stands_still(client: Client, as_alice: Client) -> None:
    frames = [Image.new("RGB", (80, 80), colour) for colour in ("red", "blue")]
    written = BytesIO()
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:])
    upload(as_alice, written.getvalue())
    image = opened(client, 256)
    assert getattr(image, "n_frames", 1) == 1
    assert image.convert("RGB").getpixel((9, 9))[0] > 200  # type: ignore[index]


def test_what_is_transparent_becomes_white(client: Client, as_alice: Client) -> None:
    written = BytesIO()
    Image.new("RGBA", (80, 80), (0, 0, 0, 0)).save(written, "PNG")
    upload(as_alice, written.getvalue())
    assert min(opened(client, 64).convert("RGB").getpixel((9, 9))) > 250  # type: ignore[arg-type]


BROKEN = [
    b"",
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    b"GIF89a<script>",
    drawn()[:200],
    drawn("JPEG")[:300],
    drawn("BMP"),
    drawn("TIFF"),
]


@pytest.mark.parametrize("content", BROKEN)
def test_what_is_no_picture_gets_an_error_beside_the_field(as_alice: Client, content: bytes) -> None:
    response = upload(as_alice, content)
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    assert not Picture.objects.exists()


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked(as_alice: Client) -> None:
    bomb = BytesIO()
    Image.new("1", (40_000, 40_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < pictures.MAX_BYTES
    response = upload(as_alice, bomb.getvalue())
    assert response.status_code == 422
    assert "too many pixels" in response.content.decode()


def test_a_file_of_too_many_bytes_is_refused(as_alice: Client) -> None:
    response = upload(as_alice, drawn() + b"\0" * pictures.MAX_BYTES)
    assert response.status_code == 422
    assert "At most 5 MB" in response.content.decode()


def test_uploads_are_limited(as_alice: Client, settings: Settings) -> None:
    settings.PICTURE_LIMIT = "1/hour"
    assert [upload(as_alice, drawn()).status_code for _ in range(2)] == [302, 429]


def test_a_new_picture_replaces_the_old_one_and_none_is_left_when_removed(client: Client, as_alice: Client) -> None:
    upload(as_alice, drawn())
    first = url_of()
    upload(as_alice, drawn(size=(90, 90)))
    assert url_of() != first
    assert client.get(first).status_code == 404
    assert Picture.objects.count() == 2
    second = url_of()
    assert as_alice.post("/profile/picture/remove/").status_code == 302
    assert client.get(second).status_code == 404
    assert not Picture.objects.exists()
    assert "<img" not in client.get("/people/alice/").content.decode()


def test_bob_and_visitors_cannot_change_alices_picture(client: Client, alice: User, as_alice: Client) -> None:
    upload(as_alice, drawn())
    bob = logged_in(User.objects.create_user("bob"))
    url = url_of()
    assert bob.post("/profile/picture/remove/", {"user": alice.pk}).status_code == 302
    assert upload(bob, drawn(size=(50, 50))).status_code == 302
    for path in ("/profile/picture/", "/profile/picture/remove/"):
        assert client.post(path).headers["Location"].startswith("/accounts/login/")
    assert client.get(url).status_code == 200
    assert url_of() == url


def test_alices_page_cannot_change_the_picture_of_bob_who_logged_in_since(alice: User, as_bob: Client) -> None:
    upload(as_bob, drawn())
    refused = as_bob.post("/profile/picture/remove/", {"as": str(alice.pk)})
    assert refused.status_code == 422
    assert "You are logged in as bob now." in refused.content.decode()
    assert Picture.objects.count() == 2


@pytest.mark.parametrize("path", ["alice/avatar/none-64.webp", "nobody/avatar/x-64.webp", "%00/avatar/x-64.webp"])
def test_a_picture_that_does_not_exist_is_not_found(client: Client, alice: User, path: str) -> None:
    assert client.get(f"/people/{path}").status_code == 404


def test_staff_remove_a_picture_in_the_admin(client: Client, as_alice: Client) -> None:
    upload(as_alice, drawn())
    action = {"action": "remove_pictures", "_selected_action": [UserProfile.objects.get().pk]}
    assert as_alice.post("/admin/profiles/userprofile/", action).status_code == 302
    assert Picture.objects.exists(), "Alice isn't staff."
    client.force_login(User.objects.create_superuser("sam"))
    assert client.post("/admin/profiles/userprofile/", action).status_code == 302
    assert not Picture.objects.exists()
