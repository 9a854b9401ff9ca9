from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from orders.models import Order


def order(request: HttpRequest, pk: UUID) -> HttpResponse:
    return HttpResponse(str(get_object_or_404(Order, pk=pk)))
