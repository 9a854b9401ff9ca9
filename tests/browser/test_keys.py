"""The keys of a live page."""

from playwright.sync_api import expect

from tests.support.servers import Server
from tests.support.visiting import Visitor, wait_live

POSTS = (
    "charlie = User.objects.create_user('charlie');"
    "[StatusChange.objects.create(user=charlie, text=f'post {n}') for n in range(4)]"
)


def test_bob_reads_with_the_keyboard_alone(visit: Visitor, server: Server) -> None:
    server.shell(POSTS)
    bob = wait_live(visit())
    focused = bob.locator("#feed > article:focus")
    for key, text in (("j", "post 3"), ("j", "post 2"), ("j", "post 1"), ("k", "post 2")):
        bob.keyboard.press(key)
        expect(focused).to_contain_text(text)
    server.shell("StatusChange.objects.create(user=User.objects.get(), text='news')")
    expect(bob.locator("#pill")).to_be_visible()
    bob.keyboard.press(".")
    expect(focused).to_contain_text("news")
    bob.keyboard.press("j")
    bob.keyboard.press("Enter")
    bob.wait_for_url("**/events/*/")
    expect(bob.locator("#feed > article").first).to_contain_text("post 3")


def test_home_shows_what_is_new(visit: Visitor, server: Server) -> None:
    server.shell(POSTS)
    bob = wait_live(visit())
    bob.keyboard.press("j")
    server.shell("StatusChange.objects.create(user=User.objects.get(), text='news')")
    expect(bob.locator("#pill")).to_be_visible()
    bob.keyboard.press("Home")
    expect(bob.locator("#feed > article").first).to_contain_text("news")


def test_letters_stay_letters_where_alice_types(visit: Visitor) -> None:
    alice = visit("alice")
    box = alice.locator("#compose textarea")
    alice.keyboard.press("n")
    expect(box).to_be_focused()
    alice.keyboard.type("jump? no.")
    expect(box).to_have_value("jump? no.")
    expect(box).to_be_focused()
    expect(alice.locator("#keys")).not_to_be_visible()


def test_the_list_of_keys_turns_them_off_and_on(visit: Visitor) -> None:
    bob = wait_live(visit())
    bob.keyboard.press("?")
    expect(bob.get_by_role("dialog", name="Keys")).to_be_visible()
    bob.get_by_label("Use these keys").uncheck()
    bob.keyboard.press("Escape")
    expect(bob.locator("#keys")).not_to_be_visible()
    bob.keyboard.press("p")
    expect(bob.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    bob.evaluate("document.querySelector('#keys').showModal()")
    bob.get_by_label("Use these keys").check()
    bob.keyboard.press("Escape")
    expect(bob.locator("#keys")).not_to_be_visible()
    bob.keyboard.press("p")
    expect(bob.get_by_role("button", name="Paused. Resume")).to_be_visible()
    bob.keyboard.press("Control+p")  # the browser's own
    expect(bob.get_by_role("button", name="Paused. Resume")).to_be_visible()
