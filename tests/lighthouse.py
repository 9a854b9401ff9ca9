"""Runs Lighthouse on a server that is filled, and prints what it rates. See script/lighthouse."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.chromium import NAMES
from tests.support.databases import ROOT
from tests.support.measured_site import MeasuredSite
from tests.support.servers import Server

PAGES = ("home", "thread", "person", "login")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage"
ROUNDS = 3
"""Of which the median counts. What else the machine does makes a page slower, and its rating lower."""

Scores = dict[str, int]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("lighthouse", type=Path)
    parser.add_argument("--only", nargs="+", choices=PAGES, default=PAGES)
    arguments = parser.parse_args()
    missed = False
    print(f"{'':24}" + "".join(f"{name:>16}" for name in CATEGORIES))
    with Server("uvicorn") as server:
        paths = MeasuredSite(server).paths()
        for page in arguments.only:
            for device in ("mobile", "desktop"):
                scores = median(arguments.lighthouse, server.url(paths[page]), page, device)
                print(f"{page + ', ' + device:24}" + "".join(f"{scores[name]:16}" for name in CATEGORIES), flush=True)
                missed |= any(score < target(name, device) for name, score in scores.items())
    sys.exit(missed)


def target(category: str, device: str) -> int:
    return 97 if (category, device) == ("performance", "mobile") else 100


def median(lighthouse: Path, url: str, page: str, device: str) -> Scores:
    """The rating of the round whose performance is in the middle."""
    found = [rated(lighthouse, url, page, device) for _ in range(ROUNDS)]
    return sorted(found, key=lambda scores: scores["performance"])[ROUNDS // 2]


def rated(lighthouse: Path, url: str, page: str, device: str) -> Scores:
    report = ROOT / "var" / "lighthouse" / f"{page}-{device}.json"
    command: list[Any] = [lighthouse, url, "--quiet", "--output=json", "--output=html", f"--chrome-flags={FLAGS}"]
    command += [f"--output-path={report}", f"--only-categories={','.join(CATEGORIES)}"]
    command += ["--preset=desktop"] if device == "desktop" else []
    run(command)
    found: dict[str, Any] = json.loads(report.with_suffix(".report.json").read_text())
    return {name: round(100 * (found["categories"][name]["score"] or 0)) for name in CATEGORIES}


def run(command: list[Any], attempts: int = 3) -> None:
    """On a busy machine Lighthouse sometimes loses its trace (NO_NAVSTART), and says to run it again."""
    browser = next(filter(None, map(shutil.which, NAMES)))
    for attempt in range(1, attempts + 1):
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, env=os.environ | {"CHROME_PATH": browser})
        if done.returncode == 0:
            return
        print(f"Lighthouse failed at attempt {attempt} of {attempts}.", file=sys.stderr)
    raise SystemExit("Lighthouse gave no rating; its reason is above.")


if __name__ == "__main__":
    main()
