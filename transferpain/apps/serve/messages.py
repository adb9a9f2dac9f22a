"""How much the server says on the terminal: a client that misbehaves cannot fill the disk that it is written to."""

import asyncio
import logging
import time
from collections.abc import Callable

LOGGERS = ("uvicorn.error", "asyncio")
MOST_MESSAGES = 20  # a minute
MINUTE = 60.0


class BoundedMessages(logging.Filter):
    """Lets `MOST_MESSAGES` a minute pass, the last of them with a word that others are left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        """Have let none pass yet."""
        super().__init__()
        self._clock = clock
        self._begun, self._passed = -MINUTE, 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a message is shown; that requests are given up when the server stops is no fault."""
        if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
            return False
        now = self._clock()
        if now - self._begun >= MINUTE:
            self._begun, self._passed = now, 0
        self._passed += 1
        if self._passed == MOST_MESSAGES:
            record.msg, record.args = f"{record.getMessage()} (further messages of this minute are left out)", ()
        return self._passed <= MOST_MESSAGES


def bound_messages() -> None:
    """Bound what uvicorn and asyncio say, all together, from now on."""
    bounded = BoundedMessages()
    for name in LOGGERS:
        logger = logging.getLogger(name)
        for former in [one for one in logger.filters if isinstance(one, BoundedMessages)]:
            logger.removeFilter(former)
        logger.addFilter(bounded)
