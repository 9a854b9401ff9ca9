"""Measure Rill, its alternatives and the fastest possible servers in one run, and print the results.

Exits with status 1 if a target is missed.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from importlib import import_module

from bench import document
from bench.compiled import Missing
from bench.result import Result
from bench.services import Services

MEASURES = (
    "fanout",
    "events",
    "idle",
    "narrow",
    "storm",
    "memory",
    "flood",
    "saving",
    "posting",
    "handlers",
    "numbering",
    "page",
    "reading",
    "elsewhere",
    "beside",
    "batch",
    "encoding",
    "audiences",
    "metrics",
    "home",
    "resume",
    "growth",
)
SLOW = {"resume", "growth", "batch"}
"""Measures that --quick leaves out unless they are named."""


def main() -> int:
    arguments = parse_arguments()
    services = Services.from_environment()
    started = time.monotonic()
    results = [result for name in arguments.measures for result in results_of(name, arguments.quick, services)]
    print(f"{time.monotonic() - started:.0f} s", flush=True)
    if arguments.write:
        document.write(results, are_all=set(arguments.measures) == set(MEASURES))
    return 0 if all(result.met for result in results) else 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"{', '.join(MEASURES)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="measure less, in under two minutes")
    parser.add_argument("--write", action="store_true", help="write them into docs/benchmarks.md")
    arguments = parser.parse_args()
    arguments.measures = arguments.measures or [name for name in MEASURES if not (arguments.quick and name in SLOW)]
    if unknown := set(arguments.measures) - set(MEASURES):
        parser.error(f"Unknown measure: {', '.join(sorted(unknown))}. Choose from {', '.join(MEASURES)}.")
    return arguments


def results_of(name: str, quick: bool, services: Services) -> Iterator[Result]:
    started = time.monotonic()
    try:
        results: list[Result] = import_module(f"bench.measures.{name}").measure(quick, services)
    except Missing as reason:
        results = [Result(name, (("not measured", str(reason)),))]
    print(f"== {name} ({time.monotonic() - started:.0f} s)")
    for result in results:
        print(f"   {result}", flush=True)
        yield result


if __name__ == "__main__":
    sys.exit(main())
