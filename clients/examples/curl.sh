#!/bin/bash
# A feed without any client: a snapshot, then what has changed since, then a stream. Needs curl and jq.
#
#   ./curl.sh http://localhost:8000
set -euo pipefail

site=${1:?Give the URL of a site, such as http://localhost:8000}
auth=()
[ -z "${RILL_TOKEN:-}" ] || auth=(-H "Authorization: Bearer $RILL_TOKEN")

get() { curl --silent --show-error --fail-with-body "${auth[@]}" --get "$site/api/events/" "$@"; }

echo "# The newest events"
snapshot=$(get --data limit=10)
jq --raw-output '.events | reverse[].summary' <<<"$snapshot"

echo "# Since then"
log=$(jq --raw-output .log <<<"$snapshot")
after=$(jq .position <<<"$snapshot")
frame=$(get --data-urlencode "log=$log" --data "after=$after")
jq --compact-output '.changes[]?' <<<"$frame"

echo "# From now on, until Ctrl-C. curl doesn't come back after a lost connection, as clients do."
after=$(jq .position <<<"$frame")
exec curl --silent --show-error --fail-with-body --no-buffer "${auth[@]}" --get "$site/sse/feed/" \
    --data-urlencode "log=$log" --data "after=$after"
