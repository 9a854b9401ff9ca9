"""`manage.py shell` for programs. Each line on stdin is code, as JSON; each line on stdout is its result."""

import json
import os
import sys
import traceback
from contextlib import redirect_stdout
from io import StringIO

import django
from django.apps import apps
from django.db import connections


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    names = {model.__name__: model for model in apps.get_models()}
    for line in sys.stdin:
        printed, error = StringIO(), None
        try:
            with redirect_stdout(printed):
                exec(json.loads(line), dict(names))  # noqa: S102 (its purpose)
        except Exception:  # noqa: BLE001 (passed on to the test)
            error = traceback.format_exc()
        # The database may be copied, dropped or killed before the next line.
        connections.close_all()
        print(json.dumps({"printed": printed.getvalue(), "error": error}), flush=True)  # noqa: T201


main()
