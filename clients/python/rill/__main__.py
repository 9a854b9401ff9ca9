"""`python -m rill`."""

import sys

from .commands import main

sys.exit(main())
