#!/usr/bin/env python
"""Rill's command line: Django's commands, and tail, simulate, prune_log, rename_log and repair_events."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    execute_from_command_line(sys.argv)
