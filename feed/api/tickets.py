"""`POST /api/tickets/`: a token for a ticket, with which a page of another site opens the websocket."""

from django.http import HttpRequest, JsonResponse
from ninja import Router, Schema

from feed.api.limits import count_read
from feed.api.schemas import READ_ERRORS, ErrorOut
from feed.refusals import Refusal
from feed.tokens import tickets
from feed.tokens.requests import token_of

router = Router()


class TicketOut(Schema):
    """The websocket takes it once, as the subprotocol `ticket.…` beside `rill.v1`."""

    ticket: str
    expires_in: int


@router.post("/", response={201: TicketOut, READ_ERRORS: ErrorOut}, summary="A ticket for a websocket")
def make_ticket(request: HttpRequest) -> JsonResponse:
    """A ticket opens one websocket, within a minute, from a page of any site. Needs a token with the scope `read`."""
    token = token_of(request)
    if token is None:
        raise Refusal("token_needed", "Tickets are given for tokens: send Authorization: Bearer.", 4401)
    token.need("read")
    seconds = int(tickets.LIFETIME.total_seconds())
    count_read(request)
    ticket = tickets.issue_ticket(token)
    if ticket is None:
        raise Refusal("too_many_tickets", "This token has too many unused tickets.", 4429, retry_after=seconds)
    body = {"ticket": ticket, "expires_in": seconds}
    return JsonResponse(body, status=201, headers={"Cache-Control": "no-store"})
