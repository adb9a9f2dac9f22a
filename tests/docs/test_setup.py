"""`setup.sh` as a new user meets it: which Python it takes, and what it says when there is none."""

import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
# What the script itself calls; everything else on the PATH is a test's own.
TOOLS = ("sh", "dirname", "cat", "cksum", "tr", "rm", "touch", "mkdir", "sed")


@pytest.fixture
def project(tmp_path) -> Path:
    """A folder with the files that the script reads, and a PATH in which no Python and no uv is installed."""
    for name in ("setup.sh", "pyproject.toml", "locks", *(path.name for path in PROJECT.glob("requirements*.txt"))):
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, tmp_path / name)
    (tmp_path / "path").mkdir()
    for tool in TOOLS:
        (tmp_path / "path" / tool).symlink_to(shutil.which(tool))
    return tmp_path


def install(project: Path, name: str, version: str, has_venv: bool = True) -> Path:
    """Put a Python on the PATH that tells its version, and builds an environment which keeps what it is asked for."""
    program = project / "path" / name
    program.write_text(
        f"""#!/bin/sh
case "$*" in
    *version_info*) echo {version} ;;
    *ensurepip*) exit {0 if has_venv else 1} ;;
    "-m venv "*)
        mkdir -p "$3/bin"
        echo "home = {project}/path" >"$3/pyvenv.cfg"
        printf '#!/bin/sh\\necho "$@" >>{project}/asked\\n' >"$3/bin/python"
        cp_program="$3/bin/transferpain"
        cat "$3/bin/python" >"$cp_program"
        {shutil.which("chmod")} +x "$3/bin/python" "$cp_program" ;;
esac
"""
    )
    program.chmod(0o755)
    return program


def run(project: Path, **variables: str) -> subprocess.CompletedProcess:
    environment = {"PATH": str(project / "path"), "HOME": str(project), **variables}
    return subprocess.run(["sh", "setup.sh"], cwd=project, env=environment, capture_output=True, text=True, timeout=60)


def asked(project: Path) -> str:
    return (project / "asked").read_text() if (project / "asked").exists() else ""


def test_the_newest_python_is_taken_and_named(project):
    for name, version in (("python3.11", "3.11"), ("python3.13", "3.13"), ("python3.12", "3.12")):
        install(project, name, version)
    ended = run(project)
    assert ended.returncode == 0, ended.stderr
    assert "Python 3.13" in ended.stdout
    assert "python3.13" in ended.stdout
    assert "locks/python3.13.txt" in asked(project)


@pytest.mark.parametrize(("name", "version"), [("python3.12", "3.12"), ("python3", "3.11")])
def test_an_older_one_serves_where_there_is_no_newer(project, name, version):
    install(project, name, version)
    assert f"Python {version}" in run(project).stdout


def test_a_launcher_that_knows_no_such_version_is_passed_over(project):
    broken = project / "path" / "python3.13"
    broken.write_text("#!/bin/sh\necho 'python3.13: command not found' >&2\nexit 127\n")
    broken.chmod(0o755)
    install(project, "python3.12", "3.12")
    ended = run(project)
    assert "Python 3.12" in ended.stdout
    assert ended.stderr == ""


def test_python_names_one(project):
    install(project, "python3.13", "3.13")
    named = install(project, "mine", "3.11")
    assert "Python 3.11" in run(project, PYTHON=str(named)).stdout


@pytest.mark.parametrize("version", ["3.10", "3.14", "2.7"])
def test_no_suitable_python_is_a_message_that_says_what_was_found(project, version):
    install(project, "python3", version)
    ended = run(project)
    assert ended.returncode != 0
    assert "transferpain needs Python 3.11, 3.12 or 3.13" in ended.stderr
    assert f"Received: python3 is Python {version}" in ended.stderr
    assert "make setup PYTHON=" in ended.stderr
    assert not (project / ".venv").exists()


def test_no_python_at_all_is_a_message(project):
    ended = run(project)
    assert ended.returncode != 0
    assert "Received: no python3 at all" in ended.stderr


def test_a_python_without_the_module_venv_is_passed_over_and_told(project):
    install(project, "python3.13", "3.13", has_venv=False)
    assert "apt install python3.13-venv" in run(project).stderr
    install(project, "python3.12", "3.12")
    assert "Python 3.12" in run(project).stdout


@pytest.mark.parametrize(
    ("named", "message"),
    [("/nowhere/python", "names no Python that starts"), ("old", "which is Python 3.9")],
)
def test_a_python_that_does_not_serve_is_refused_by_name(project, named, message):
    install(project, "python3.13", "3.13")
    install(project, "old", "3.9")
    ended = run(project, PYTHON=named)
    assert ended.returncode != 0
    assert message in ended.stderr
    assert f"Received: {named}" in ended.stderr


def test_a_second_call_does_nothing(project):
    install(project, "python3.12", "3.12")
    run(project)
    first = asked(project)
    assert run(project).stdout == ""
    assert asked(project) == first


def test_the_lean_set_stays_lean_until_the_full_one_is_asked_for(project):
    install(project, "python3.12", "3.12")
    run(project, SET="lean")
    assert "-r requirements-lean.txt" in asked(project)
    assert "-r requirements.txt" not in asked(project)
    assert run(project).stdout == ""
    run(project, SET="full")
    assert "-r requirements.txt" in asked(project)


def test_the_lean_set_after_the_full_one_leaves_nothing_of_it_behind(project):
    install(project, "python3.12", "3.12")
    run(project)
    left = project / ".venv" / "torch"
    left.touch()
    assert run(project, SET="lean").returncode == 0
    assert not left.exists()


def test_another_set_is_refused(project):
    install(project, "python3.12", "3.12")
    ended = run(project, SET="small")
    assert "SET is full or lean. Received: small." in ended.stderr


def test_another_python_builds_the_environment_anew(project):
    install(project, "python3.12", "3.12")
    run(project)
    newer = install(project, "python3.13", "3.13")
    assert run(project).stdout == "", "it keeps to the one it was built with"
    assert "Python 3.13" in run(project, PYTHON=str(newer)).stdout
    assert (project / ".venv" / "built").read_text().startswith("3.13 full ")


def test_a_failed_installation_is_tried_again(project):
    install(project, "python3.12", "3.12")
    run(project)
    changed = project / "requirements.txt"
    changed.write_text(changed.read_text() + "# changed\n")
    program = project / ".venv" / "bin" / "python"
    working = program.read_text()
    program.write_text("#!/bin/sh\nexit 1\n")
    assert run(project).returncode != 0
    program.write_text(working)
    assert "brought up to date" in run(project).stdout


def test_uv_does_the_work_and_fetches_a_python_where_there_is_none(project):
    uv = project / "path" / "uv"
    uv.write_text(
        f"""#!/bin/sh
echo "uv $*" >>{project}/asked
case "$1" in venv)
    for last; do :; done
    mkdir -p "$last/bin"
    printf '#!/bin/sh\\n' >"$last/bin/python"
    printf '#!/bin/sh\\n' >"$last/bin/transferpain"
    {shutil.which("chmod")} +x "$last/bin/python" "$last/bin/transferpain" ;;
esac
"""
    )
    uv.chmod(0o755)
    ended = run(project)
    assert ended.returncode == 0, ended.stderr
    assert "by uv" in ended.stdout
    assert "uv venv --quiet --seed --python 3.13 .venv" in asked(project)
    assert "uv pip install --quiet --python .venv/bin/python -r requirements.txt" in asked(project)
