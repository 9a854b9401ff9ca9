"""Reads the metrics as Prometheus does."""

from dataclasses import dataclass
from typing import Self

from channels.db import database_sync_to_async
from django.db import connections
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from feed.metrics.exposition import exposition


@dataclass(frozen=True)
class Scrape:
    samples: list[Sample]

    @classmethod
    def now(cls) -> Self:
        text, _ = exposition("text/plain")
        families = text_string_to_metric_families(text.decode())
        return cls([sample for family in families for sample in family.samples])

    def value(self, name: str, **labels: str) -> float:
        """The sum of all series with these labels."""
        found = [each.value for each in self.samples if each.name == name and labels.items() <= each.labels.items()]
        assert found, f"There is no {name} with {labels}."
        return sum(found)

    def names(self) -> set[str]:
        return {each.name for each in self.samples}


@database_sync_to_async
def scrape() -> Scrape:
    """For an async test. In another thread than the hub's, like a view."""
    try:
        return Scrape.now()
    finally:
        connections.close_all()


@dataclass(frozen=True)
class Growth:
    """What has changed between two scrapes."""

    before: Scrape
    after: Scrape

    def of(self, name: str, **labels: str) -> float:
        is_new = name not in self.before.names()
        return self.after.value(name, **labels) - (0 if is_new else self.before.value(name, **labels))
