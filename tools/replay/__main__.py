"""./dev replay: see command.py."""

import signal
import sys

from .command import main

# told to end, it cleans up as well
signal.signal(signal.SIGTERM, signal.default_int_handler)
sys.exit(main())
