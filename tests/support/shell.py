"""`manage.py shell` for programs: each line on stdin is a piece of code, each on stdout what became of it (JSON)."""

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
                exec(json.loads(line), dict(names))  # noqa: S102 (that is what it is for)
        except Exception:  # noqa: BLE001 (told to the test)
            error = traceback.format_exc()
        # Nothing is kept open between two pieces: the database may be copied, dropped or killed meanwhile.
        connections.close_all()
        print(json.dumps({"printed": printed.getvalue(), "error": error}), flush=True)  # noqa: T201


main()
