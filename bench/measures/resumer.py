"""Reads and encodes a whole log once, and prints how long that took, as JSON. `fill` makes the log first.

python -m bench.measures.resumer read
python -m bench.measures.resumer fill CHANGES
"""

import json
import sys
import time

import django

django.setup()

from bench.measures.filling import fill  # noqa: E402
from feed import log  # noqa: E402
from feed.frames import encoding  # noqa: E402

BATCH = 500


def read() -> dict[str, float]:
    log.state()  # opens the database connection
    started, used = time.perf_counter(), time.process_time()
    head = log.state().head
    size = 0
    for after in range(0, head, BATCH):
        for entry in encoding.load(log.read(after, min(after + BATCH, head))):
            encoding.encode(entry, ["json"])
            size += entry.size("json")
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - used, "bytes": size}


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill(int(sys.argv[2]))
    print(json.dumps(read()))
