"""Runs both files of `make null-check` with the former sampling; ends with 1 unless both fail, as they must.

Tasks of single frames are left out: each frame is read by itself under either sampling.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import yaml

from tests.command_line import EXPERIMENTS
from tests.former_sampling import ASKED, NAME, put_back
from transferpain.cli.console import print_lines, print_rows
from transferpain.data.places import Places
from transferpain.data.tasks.task import load_task
from transferpain.experiments.executors import worker
from transferpain.experiments.study import load_batch
from transferpain.reports.null_worlds import check_file, check_matrix

JOBS = 2
FILES = {"study": "null-check", "matrix": "null-check-matrix"}


def main() -> int:
    """Run the files under another name, so that reports of the sampling as it is stay; return the exit code."""
    put_back()
    worker.PRELOADED = "tests.former_sampling.preload"
    places, passed = Places(Path("data"), Path()), []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "experiments"
        shutil.copytree(EXPERIMENTS, folder)
        for key, name in FILES.items():
            path = folder / f"{name}.yaml"
            values = yaml.safe_load(path.read_text(encoding="utf-8")) | {key: f"{name}-{NAME}"}
            if key == "study":
                values["experiments"] = {one: values["experiments"][one] for one in of_clips(path, places)}
            path.write_text(yaml.safe_dump(values), encoding="utf-8")
            arguments = (path, places, [ASKED])
            check = check_file(*arguments, JOBS) if key == "study" else check_matrix(*arguments, [], JOBS)
            print_rows(check.result.title, check.result.columns, check.result.rows)
            print_lines(check.result.notes)
            passed.append(check.passed)
    return int(any(passed))


def of_clips(study: Path, places: Places) -> list[str]:
    """Return the names of a study's experiments that predict whole clips."""
    batch = load_batch(study, places, [])
    return [one.name for one in batch.experiments if load_task(one.task).sample == "clip"]


if __name__ == "__main__":
    sys.exit(main())
