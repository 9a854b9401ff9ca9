"""Comments unfold in the feed, and are answered there."""

from playwright.sync_api import Locator, Page, expect

from tests.support.visiting import Visitor, delete, open_thread, sees, write


def comment_on(page: Page, post: str, *texts: str) -> None:
    open_thread(page, post)
    for text in texts:
        write(page, text)
        expect(page.locator("#feed > article:not(.sending)", has_text=text)).to_be_visible()
        expect(page.locator("#feed > .sending")).to_have_count(0)
    page.goto("/")


def row(page: Page, text: str) -> Locator:
    return page.locator("#feed > article", has_text=text).first


def unfold(page: Page, text: str) -> Locator:
    found = row(page, text)
    found.hover()
    found.locator("a.comments").first.click()
    return found.locator(".unfolded")


def test_bob_reads_and_answers_the_comments_where_he_is(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    sees(alice, "Hello")
    comment_on(alice, "Hello", "One", "Two", "Three")
    bob.reload()
    box = unfold(bob, "Three")
    expect(box.locator(".replies > article")).to_contain_text(["One", "Two"])
    box.locator("textarea").fill("Four")
    box.locator("textarea").press("Control+Enter")
    expect(box.locator(".replies > article:not(.sending)")).to_contain_text(["One", "Two", "Four"])
    expect(box.locator("textarea")).to_be_focused()
    write_in_thread = alice.locator("#feed > article", has_text="Four")
    expect(write_in_thread.first).to_be_visible()


def test_a_comment_arrives_where_its_thread_is_unfolded(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    sees(bob, "Hello")
    box = unfold(bob, "Hello")
    expect(box.locator("textarea")).to_be_focused()
    open_thread(alice, "Hello")
    write(alice, "First")
    expect(box.locator(".replies > article")).to_contain_text(["First"])
    expect(bob.locator("#feed > article", has_text="First")).to_have_count(1)  # within its thread alone


def test_what_is_unfolded_survives_a_change_of_its_row(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    sees(bob, "Hello")
    box = unfold(bob, "Hello")
    box.locator("textarea").fill("What I think")
    alice.locator("#feed > article", has_text="Hello").hover()
    alice.locator("#feed > article", has_text="Hello").get_by_text("Edit").click()
    alice.locator("#editor textarea").fill("Hello, world")
    alice.locator("#editor").get_by_role("button", name="Save").click()
    expect(row(bob, "Hello, world")).to_be_visible()
    expect(row(bob, "Hello, world").locator(".unfolded textarea")).to_have_value("What I think")


def test_escape_folds_the_comments_and_the_link_has_the_focus(visit: Visitor) -> None:
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    box = unfold(alice, "Hello")
    expect(box.locator("textarea")).to_be_focused()
    alice.keyboard.press("Escape")
    expect(box.locator("textarea")).to_have_count(0)
    expect(row(alice, "Hello").locator("a.comments")).to_be_focused()


def test_without_scripts_the_link_leads_to_the_thread(visit: Visitor) -> None:
    alice = visit("alice")
    write(alice, "Hello")
    sees(alice, "Hello")
    page = visit(java_script_enabled=False)
    page.locator("#feed > article", has_text="Hello").locator("a.comments").click(force=True)
    page.wait_for_url("**/events/*/?answer")


def test_bob_answers_a_comment_in_its_thread(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    sees(alice, "Hello")
    comment_on(alice, "Hello", "One")
    bob.goto(bob.locator("#feed > .status_change a.when").get_attribute("href") or "")
    comment = bob.locator("#feed > article", has_text="One")
    comment.hover()
    comment.locator("a.comments").click()
    expect(bob.locator("#compose .replying")).to_contain_text("Replying to alice")
    expect(bob.locator("#compose textarea")).to_be_focused()
    write(bob, "Two")
    answer = bob.locator("#feed > article.reply:not(.sending)", has_text="Two")
    expect(answer).to_contain_text("replied to alice")
    expect(bob.locator("#compose .replying")).to_have_count(0)


def test_when_the_row_of_a_thread_is_deleted_the_comment_before_it_stands_for_the_thread(visit: Visitor) -> None:
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello")
    sees(alice, "Hello")
    comment_on(alice, "Hello", "One", "Two")
    expect(bob.locator("#feed > .comment")).to_have_count(1)
    expect(bob.locator("#feed > .comment")).to_contain_text("Two")
    delete(alice, "Two")
    expect(bob.locator("#feed > .comment")).to_contain_text("One")
