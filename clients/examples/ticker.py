"""A ticker: shows in the terminal what happens, from the newest events on.

pip install rill-client
python ticker.py http://localhost:8000 user:alice
"""

import sys
from collections.abc import Iterator

import rill

SIGNS = {"created": "+", "updated": "~", "deleted": "-"}


def lines(update: rill.Update) -> Iterator[str]:
    if isinstance(update, rill.Snapshot):
        yield from (f"  {event['summary']}" for event in reversed(update.events))
    else:
        yield from (f"{SIGNS[each.action]} {each.event.get('summary', each.event['id'])}" for each in update.changes)


def one_line(text: str) -> str:
    """Without control characters, by which an author could control the reader's terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def lost(lost: rill.Lost) -> None:
    print(f"({lost.error} Back in {lost.wait:.1f} s.)", file=sys.stderr)


def main(url: str, *streams: str) -> None:
    with rill.Client(url) as client:
        for update in client.follow(streams, snapshot=True, limit=10, on_lost=lost):
            for line in lines(update):
                print(one_line(line), flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (rill.RillError, ValueError, TypeError) as error:
        sys.exit(f"ticker: {error}")
    except KeyboardInterrupt:
        pass
