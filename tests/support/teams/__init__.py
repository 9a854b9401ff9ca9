"""An app for servers in which the audiences of tests/support/audiences.py exist: tests.support.team_settings."""
