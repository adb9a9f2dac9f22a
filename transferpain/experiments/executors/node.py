"""The process of works, or of a look at a machine, that were asked for from another machine: `python -m` this module.

The request comes as one line of standard input, which whoever asked keeps open: when it closes, this process ends, so
that nothing outlives a task or a machine's agent that was killed. Each answer is one line of standard output. Messages
go to the log of the work, which stands on the shared file system.
"""

import json
import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path

from transferpain.core.gpu import let_memory_grow
from transferpain.core.process import end_at_once, prepare
from transferpain.experiments.executors.doing import PATIENCE_SECONDS, answer_with, do
from transferpain.experiments.executors.look import Look, look_here
from transferpain.experiments.executors.request import Asked, Request, read_request
from transferpain.experiments.executors.worker import say_to


def main() -> None:
    """Read a request, do what it asks for, answer, and end."""
    prepare()
    let_memory_grow()
    answers = os.dup(1)
    os.dup2(2, 1)

    def answer(value: object) -> None:
        with open(answers, "w", encoding="utf-8", closefd=False) as file:
            file.write(json.dumps({"answer": value}) + "\n")

    values = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_who_asked, daemon=True).start()
    if "look" in values:
        answer_with(lambda: answer(look_here(Look(**values["look"]))), lambda error: answer(error) if error else None)
    else:
        request = read_request(values)
        os.chdir(request.directory)
        for one in request.works:
            answer_with(partial(_compute, one, request), answer)
    end_at_once()


def _compute(asked: Asked, request: Request) -> None:
    say_to(Path(asked.log))
    do(asked.work, Path(request.folder), request.places, PATIENCE_SECONDS)


def _end_with_who_asked() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
