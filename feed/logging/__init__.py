"""Log lines with the id of their request. Nothing here is needed: a project names a formatter in LOGGING, and adds the
middleware `feed.logging.request_ids.request_ids`."""
