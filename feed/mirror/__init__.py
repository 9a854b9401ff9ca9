"""`manage.py mirror URL`: makes this database a copy of another site's feed, and keeps it one.

`source` reads the site, `events` makes events of what it says, `writing` stores them and records what is different,
`copying` does that in one transaction with the cursor, and `following` puts these together.
"""
