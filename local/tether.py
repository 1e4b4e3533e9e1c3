"""`python -m local.tether MODULE [ARGUMENT...]` runs a module that ends when its parent does.

The parent holds the writing end of a pipe on standard input. The system closes it when the parent ends, by SIGKILL
too, and on every system alike.
"""

import os
import runpy
import signal
import sys
import threading


def _end_with_parent() -> None:
    # Straight from the file descriptor: sys.stdin belongs to the module that runs here.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, name="tether", daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
