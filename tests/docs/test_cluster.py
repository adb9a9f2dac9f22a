"""docs/slurm.sh and docs/hosts.sh run as they stand there, with stand-ins for the commands of Slurm and for ssh."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import clean_environment
from tests.end_to_end.test_ray import matrix_in
from tests.experiments.executors.small_cluster import PATIENT, toolkit_processes
from tests.experiments.matrix.test_run import states_in
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
# Each node is this machine; what Slurm would look at is written down.
SRUN = """#!/bin/sh
echo "srun $*" >> "$STAND_INS/asked"
while [ "${1#--}" != "$1" ]; do shift; done
exec "$@"
"""
SCONTROL = """#!/bin/sh
[ "$1 $2 $3" = "show hostnames first-and-second" ] || exit 1
echo 127.0.0.1
echo second
"""
SSH = """#!/bin/sh
echo "ssh $1 $2" >> "$STAND_INS/asked"
exec sh -c "$3"
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def stand_ins(tmp_path):
    """Variables under which the scripts find the stand-ins, and a port that nobody uses."""
    folder = tmp_path / "stand-ins"
    folder.mkdir()
    for name, text in {"srun": SRUN, "scontrol": SCONTROL, "ssh": SSH}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return clean_environment() | {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "STAND_INS": str(folder),
        "TRANSFERPAIN_BIN": str(Path(sys.executable).parent),
        "RAY_PORT": str(port),
        "RAY_HOST": "127.0.0.1",
        "SLURM_JOB_NODELIST": "first-and-second",
        "SLURM_CPUS_PER_TASK": "1",
        **PATIENT,
    }


def rays(port: str) -> list[int]:
    """Return the processes of the cluster on a port."""
    found = subprocess.run(["pgrep", "-f", f":{port}"], capture_output=True, text=True, check=False)
    return [int(number) for number in found.stdout.split()]


@pytest.mark.parametrize(("script", "before"), [("slurm", []), ("hosts", ["second"])])
def test_a_script_computes_a_matrix_on_two_nodes_and_ends_ray(script, before, stand_ins, small_twin, tmp_path):
    options = ["--where", "source=untrained", "--data-root", small_twin, "--workspace", tmp_path]
    command = [ROOT / "docs" / f"{script}.sh", *before, matrix_in(tmp_path), *options]
    done = subprocess.run(command, cwd=ROOT, env=stand_ins, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert states_in(tmp_path)["untrained-to-ai4pain-ann"] == "done"
    asked = (tmp_path / "stand-ins" / "asked").read_text()
    assert "second" in asked
    wait_until(lambda: rays(stand_ins["RAY_PORT"]) == [])


@pytest.mark.parametrize(("script", "before"), [("slurm", []), ("hosts", ["second"])])
def test_a_cluster_that_another_has_started_is_not_taken(script, before, stand_ins, small_twin, tmp_path):
    command = [ROOT / "docs" / f"{script}.sh", *before, matrix_in(tmp_path), "--data-root", small_twin]
    with socket.create_server(("127.0.0.1", int(stand_ins["RAY_PORT"]))):
        done = subprocess.run(command, cwd=tmp_path, env=stand_ins, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"Something answers at 127.0.0.1:{stand_ins['RAY_PORT']} already" in done.stderr
    assert not (tmp_path / "stand-ins" / "asked").exists()


def test_a_folder_with_quotes_in_its_name_reaches_the_other_machines(stand_ins, tmp_path):
    """Each command of the toolkit is a stand-in: what matters is what the other machine is asked for, and where."""
    folder = tmp_path / 'pain\'s "faces" $HOME é'
    (folder / "bin").mkdir(parents=True)
    ray = '#!/bin/sh\n[ "$1" = start ] && [ "$2" = --head ] && { touch up; exec sleep 60; }\n'
    ray += '[ "$1" = health-check ] && { [ -e up ]; exit; }\necho "$PWD $*" > joined\n'
    (folder / "bin" / "ray").write_text(ray)
    (folder / "bin" / "transferpain").write_text("#!/bin/sh\nwhile [ ! -e joined ]; do sleep 0.1; done\n")
    for program in (folder / "bin").iterdir():
        program.chmod(0o755)
    done = subprocess.run(
        [ROOT / "docs" / "hosts.sh", "second", "matrix.yaml"],
        cwd=folder,
        env=stand_ins | {"TRANSFERPAIN_BIN": str(folder / "bin")},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    address = f"127.0.0.1:{stand_ins['RAY_PORT']}"
    assert (folder / "joined").read_text() == f"{folder} start --node-name=second --address={address} --block\n"


def test_a_job_that_is_asked_to_end_ends_all_and_says_that_it_goes_on(stand_ins, small_twin, tmp_path):
    command = [ROOT / "docs" / "slurm.sh", matrix_in(tmp_path), "--data-root", small_twin, "--workspace", tmp_path]
    with subprocess.Popen(command, cwd=ROOT, env=stand_ins, stderr=subprocess.PIPE, text=True) as job:
        wait_until(lambda: toolkit_processes(tmp_path) != [], job)
        job.send_signal(signal.SIGTERM)
        said = job.communicate()[1]
    assert job.returncode == 143, said
    assert "the same command goes on from there" in said
    wait_until(lambda: toolkit_processes(tmp_path) == [] and rays(stand_ins["RAY_PORT"]) == [])
