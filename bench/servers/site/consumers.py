"""The consumer of the Channels tutorial, part 3, without receiving: https://channels.readthedocs.io/en/stable/."""

import json
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

ROOM = "lobby"
GROUP = f"chat_{ROOM}"


class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        self.room_group_name = f"chat_{self.room_name}"
        await self.channel_layer.group_add(self.room_group_name, self.channel_name)
        await self.accept()

    async def disconnect(self, close_code: int) -> None:
        await self.channel_layer.group_discard(self.room_group_name, self.channel_name)

    async def chat_message(self, event: dict[str, Any]) -> None:
        message = event["message"]
        await self.send(text_data=json.dumps({"message": message}))
