"""Encoding events as JSON: the library in use against its alternatives."""

from importlib.util import find_spec

from bench.compiled import Missing
from bench.measures.children import measured
from bench.measures.session import median
from bench.result import Result, compare
from bench.services import Services
from tests.support.databases import sqlite_database

CHOSEN, OTHERS = "msgspec", ("orjson", "json")


def measure(quick: bool, services: Services) -> list[Result]:
    """Time the encoding only. The fields are loaded before."""
    if find_spec("orjson") is None:
        raise Missing("orjson is not installed: pip install -r requirements-bench.txt.")
    with sqlite_database() as url:
        taken = measured("encoder", 1 if quick else 7, CHOSEN, *OTHERS, database_url=url)
    return [compared(other, taken[other], taken[CHOSEN]) for other in OTHERS]


def compared(name: str, other: list[float], chosen: list[float]) -> Result:
    figures = ((CHOSEN, f"{median(chosen):.1f} µs"), (name, f"{median(other):.1f} µs"))
    return compare(f"JSON of an event, {name} against {CHOSEN}", figures, other, chosen)
