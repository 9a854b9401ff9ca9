"""Rill measured side by side with what a Django team would pick instead, and with the limits: `script/bench`."""
