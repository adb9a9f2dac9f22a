"""Runs what `make null-check` tests on AI4Pain with the former sampling; ends with 1 unless both files fail.

Only AI4Pain's classes differ in length. Tasks of single frames are left out: they have no sampling.
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
from transferpain.experiments.executors.base import Computing
from transferpain.experiments.study import load_batch
from transferpain.reports.null_worlds import check_file, check_matrix

BY = Computing(jobs=3)
TESTED = "ai4pain"
WHERE = f"target={TESTED}"
FILES = {"study": "null-check", "matrix": "null-check-matrix"}


def main(names: list[str]) -> int:
    """Run the files under another name, so that reports of the sampling as it is stay; return the exit code.

    Args:
        names: of the study's experiments; all that are told if empty.
    """
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
                values["experiments"] = {one: values["experiments"][one] for one in told(path, places, names)}
            path.write_text(yaml.safe_dump(values), encoding="utf-8")
            arguments = (path, places, [ASKED])
            check = check_file(*arguments, BY) if key == "study" else check_matrix(*arguments, [WHERE], BY)
            print_rows(check.result.title, check.result.columns, check.result.rows)
            print_lines(check.result.notes)
            passed.append(check.passed)
    return int(any(passed))


def told(study: Path, places: Places, names: list[str]) -> list[str]:
    """Return the names of a study's experiments that are tested on clips of AI4Pain: of `names`, if there are any."""
    batch = load_batch(study, places, [])
    found = [
        one.name
        for one in batch.experiments
        if load_task(one.task).sample == "clip" and (one.protocol.test_dataset or one.dataset) == TESTED
    ]
    return [name for name in found if not names or name in names]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
