from collections.abc import Iterable
from typing import Any

from feed.streams import Audience


class TeamMembers(Audience):
    prefix = "team"

    def keys_for(self, user: Any) -> Iterable[object]:
        found: Iterable[object] = user.teams.values_list("pk", flat=True)
        return found
