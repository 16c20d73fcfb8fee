# SPDX-License-Identifier: BSD-2-Clause
"""interrupts - SIGTERM and SIGHUP end a script as Ctrl-C does: by KeyboardInterrupt, so that it cleans up."""

import signal


def _interrupt(_signal, _frame):
    raise KeyboardInterrupt


def catch():
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # else nohup(1) asked to go on
        signal.signal(signal.SIGHUP, _interrupt)
