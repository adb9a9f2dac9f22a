"""A process of its own for one experiment: started by `matrix.run`, which survives whatever happens here.

Standard input holds a line, the job, and stays open for as long as the matrix lives; standard output gets a line, the
answer. A matrix that is killed thereby takes its workers with it.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

from transferpain.errors import UserError
from transferpain.experiment import Experiment, resolved
from transferpain.process import Stopped, message_of, prepare, stop_is_answered
from transferpain.run_folder import Places


def job_line(experiment: Experiment, folder: Path, places: Places) -> str:
    """Return what a worker is told, one line of JSON."""
    paths = {"folder": folder, "data_root": places.data_root, "workspace": places.workspace}
    return json.dumps({"experiment": resolved(experiment), **{key: str(path) for key, path in paths.items()}})


def work(line: str) -> str:
    """Run the experiment of a job line; return what became of it, one line of JSON: `run`, or `error`."""
    from transferpain.runner import run_experiment

    job = json.loads(line)
    places = Places(Path(job["data_root"]), Path(job["workspace"]))
    try:
        run = run_experiment(Experiment.model_validate(job["experiment"]), Path(job["folder"]), places)
    except (UserError, OSError) as error:
        return json.dumps({"error": message_of(error)})
    return json.dumps({"run": run.path.name})


def read_line() -> str:
    """Read the job byte by byte: a buffer would be locked by the thread that waits when this process ends."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            break
        line += byte
    return line.decode()


def end_with_the_matrix() -> None:
    """Wait until standard input is closed, which the matrix never does while a worker lives; then end as on request."""
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Take the job, and do it."""
    prepare()
    line = read_line()
    threading.Thread(target=end_with_the_matrix, daemon=True).start()
    try:
        sys.stdout.write(work(line) + "\n")
    except Stopped:
        stop_is_answered()
        sys.exit(130)


if __name__ == "__main__":
    main()
