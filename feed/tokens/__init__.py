"""Access tokens: a program sends one in place of a session cookie, as `Authorization: Bearer rill_…`.

A token is a row: deleting the row revokes the token. The secret is shown once, when the token is made; the table has
only its digest. Doors ask `authenticate` (HTTP) or `find` (the hub, many at once). Both refuse what isn't valid: a
client with a wrong token must hear that, and not get what anybody gets.
"""

from feed.tokens.bearer import authenticate as authenticate
from feed.tokens.bearer import digest_in as digest_in
from feed.tokens.issuing import MAX_TOKENS as MAX_TOKENS
from feed.tokens.issuing import TooManyTokens as TooManyTokens
from feed.tokens.issuing import issue as issue
from feed.tokens.refused import bad_ticket as bad_ticket
from feed.tokens.refused import bad_token as bad_token
from feed.tokens.table import SCOPES as SCOPES
from feed.tokens.table import Token as Token
from feed.tokens.table import TokenQuerySet as TokenQuerySet
from feed.tokens.tickets import digest_of_ticket as digest_of_ticket
from feed.tokens.tickets import redeem as redeem
from feed.tokens.validity import find as find
