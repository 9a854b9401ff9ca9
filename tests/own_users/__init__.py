"""A project with its own user model: a UUID as key, no `username`, no `date_joined`. Users log in with their e-mail
address, and with settings_with_handles.py others know them by their handle."""
