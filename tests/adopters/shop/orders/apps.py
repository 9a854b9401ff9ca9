from typing import Any

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        import feed
        from feed.streams import access_follows
        from orders.models import Order, Team

        access_follows(Team.members)
        feed.track(Order, "order_placed", audience=audience, data=lambda order: {"total": order.total})


def audience(order: Any) -> str:
    return str(order.team.audience) if order.team else "public"
