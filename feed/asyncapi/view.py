"""`GET /api/asyncapi.json`."""

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix
from ninja import Router

from feed.asyncapi import document

router = Router(auth=None)


@router.get("/asyncapi.json", include_in_schema=False, url_name="asyncapi")
def asyncapi(request: HttpRequest) -> HttpResponse:
    described = document(request.get_host(), get_script_prefix(), is_secure=request.is_secure())
    return HttpResponse(msgspec.json.encode(described), content_type="application/json")
