"""An app with a durable handler, for processes with the settings tests.support.handling_settings."""
