"""An app for server processes, in which the audiences of tests/support/audiences.py exist: tests.support.team_settings."""
