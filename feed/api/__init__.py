"""The HTTP API for programs: snapshots and changes of the feed, and all that its pages can do."""

from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from feed.api import catalogue, events, tickets
from feed.api.description import describe
from feed.api.docs import Page
from feed.api.entry import on_every_path
from feed.api.errors import response_to
from feed.asyncapi.view import router as asyncapi
from feed.models import Event
from feed.tokens.requests import ApiToken

__all__ = ["api"]


class FeedAPI(NinjaAPI):
    """Answers all paths below its own, described with the kinds of events that there are."""

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        return response_to(request, exc)

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> OpenAPISchema:
        root = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        return self._described(root, tuple(Event.kinds().values()))

    @lru_cache(maxsize=4)  # noqa: B019 (there is one API, and it lives as long as the process)
    def _described(self, root: str, kinds: tuple[type[Event], ...]) -> OpenAPISchema:
        """Made once, because it takes as long as many requests, and anybody may ask for it as often as they like."""
        return describe(super().get_openapi_schema(path_prefix=root))

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        patterns, app, namespace = super().urls
        return [*on_every_path(patterns)], app, namespace


api = FeedAPI(title="Rill", version="1", docs=Page(), docs_url="/docs", urls_namespace="api", auth=ApiToken())
api.add_router("/events/", events.router)
api.add_router("/kinds/", catalogue.kinds)
api.add_router("/streams/", catalogue.all_streams)
api.add_router("/tickets/", tickets.router)
api.add_router("", asyncapi)
