from typing import Any

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        import feed
        from orders.models import Order

        feed.track(Order, "order_placed", audience=audience, data=lambda order: {"total": order.total})


def audience(order: Any) -> str:
    return str(order.team.audience) if order.team else "public"
