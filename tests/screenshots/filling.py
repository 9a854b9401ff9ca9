"""What there is to see: a feed of an ordinary morning, a long thread, and texts that are hard to set."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from feed.models import Comment, Event, StatusChange

ORDINARY = [
    (
        "ada",
        2,
        "Shipping the new release to the first three regions. The migration ran in 41 seconds, and nobody noticed.",
    ),
    ("kofi", 9, "Finally fixed the flaky test."),
    (
        "priya",
        14,
        "Does anybody know why the build needs `libpq-dev` again? I thought we had moved to wheels in spring.",
    ),
    ("mateo", 31, "At last I learned what a covering index is."),
    ("nadia", 47, "Lunch at one, by the river. Bring a jacket."),
    (
        "sven",
        62,
        "Deleted a thousand lines of code. Nothing is missing:\n\n— the old poller\n— its three retries\n— their tests",
    ),
    ("hana", 95, "Third try, and I found the leak."),
    (
        "omar",
        130,
        "This morning I read the whole changelog. It is better than most novels, and it has more characters.",
    ),
    ("ines", 400, "Closed the oldest ticket. It was from 2019."),
    ("lena", 1500, "Wrote the migration."),
    ("tala", 1560, "Good news from the pilot: 12 watching at once, no complaints."),
]
COMMENTS = [
    ("kofi", "Well done."),
    ("hana", "Did you see the latency? Down by a third since Monday."),
    ("ada", "Same here, last week."),
]
HARD = [
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3,
    "https://example.com/a/very/long/path/" + "that-never-ends-" * 12,
    "مرحبا بالعالم، هذا نص من اليمين إلى اليسار. وصل الإصدار الجديد اليوم.",
    "שלום עולם, זה טקסט מימין לשמאל with a few words of English in it.",
    "Zażółć gęślą jaźń. Příliš žluťoučký kůň. Đặng Thái Sơn. Ğüzel İş.",
    "x",
    "\n".join(f"Line {number} of a text that goes on." for number in range(1, 20)),
]


def fill() -> None:
    start = timezone.now()
    posts = []
    for name, minutes, text in reversed(ORDINARY):
        posts.append(StatusChange.objects.create(user=_person(name, start, minutes), text=text))
        _date(posts[-1], start, minutes)
    for number, (name, text) in enumerate(COMMENTS):
        _date(Comment.objects.create(user=_person(name), text=text, thread=posts[-1 - 2 * number]), start, 1)


def fill_hard() -> None:
    """Texts of every kind, by somebody with a very long name."""
    person = User.objects.create_user("Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch.0123456789")
    for text in HARD:
        StatusChange.objects.create(user=person, text=text)


def fill_thread(size: int) -> int:
    """A thread with this many comments. Returns its id."""
    root = StatusChange.objects.create(user=_person("ada"), text="What do you all use for background jobs?")
    people = [_person(name) for name, *_ in ORDINARY]
    for number in range(size):
        text = COMMENTS[number % len(COMMENTS)][1]
        Comment.objects.create(user=people[number % len(people)], text=f"{number + 1}. {text}", thread=root)
    return int(root.pk)


def _person(name: str, start: object = None, minutes: int = 0) -> User:
    """The person with this name. Who is new has joined a minute before."""
    if found := User.objects.filter(username=name).first():
        return found
    person = User.objects.create_user(name)
    if start:
        _date(person.feed_events.get(), start, minutes + 1)
    return person


def _date(event: Event, start: object, minutes: int) -> None:
    Event.objects.filter(pk=event.pk).update(created_at=start - timedelta(minutes=minutes), edited_at=None)  # type: ignore[operator]
