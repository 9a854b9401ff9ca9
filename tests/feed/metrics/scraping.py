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
        found = self.values(name, labels)
        assert found, f"There is no {name} with {labels}."
        return sum(found)

    def values(self, name: str, labels: dict[str, str]) -> list[float]:
        return [each.value for each in self.samples if each.name == name and labels.items() <= each.labels.items()]

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
        return self.after.value(name, **labels) - sum(self.before.values(name, labels))
