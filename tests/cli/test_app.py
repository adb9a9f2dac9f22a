"""The command line: help, exit codes, messages; the long commands are in test_study.py."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import typer

from tests.command_line import EXPERIMENTS, imported_modules, transferpain
from tests.forked_program import LIGHT, forked
from transferpain import __version__
from transferpain.cli.app import Commands
from transferpain.core.errors import UserError
from transferpain.core.process import message_of

COMMANDS = [
    ("init",),
    ("data", "check"),
    ("data", "twin"),
    ("faces",),
    ("pretrain",),
    ("extract",),
    ("cache", "list"),
    ("cache", "prune"),
    ("run",),
    ("matrix",),
    ("register",),
    ("report",),
    ("check-table",),
    ("predict",),
    ("live",),
    ("explain",),
    ("export-edge",),
    ("serve",),
    ("assets", "list"),
    ("assets", "fetch"),
    ("assets", "verify"),
    ("doctor",),
]
light = partial(forked, preload=LIGHT)  # the installed program starts for the version, a table and the doctor
TABLE = EXPERIMENTS.parent / "docs" / "hosseini-table-2.csv"
HEAVY = {
    "tensorflow",
    "keras",
    "torch",
    "mediapipe",
    "sklearn",
    "matplotlib",
    "openvino",
    "fastapi",
    "uvicorn",
    "cryptography",
}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_of_each_command_shows_an_example(command):
    result = light(*command, "--help")
    assert result.returncode == 0
    assert f"transferpain {' '.join(command)}" in " ".join(result.stdout.split())
    assert "Example:" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", "ferplus-resnet18", ""),
        ("run", ""),
        ("data", "check", "biovid", "--data-root", ""),
        ("run", "experiments/demo.yaml", "--workspace="),
        ("cache", "list", "--workspace", ""),
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_an_empty_value_is_no_path_to_the_present_folder(arguments):
    result = light(*arguments)
    assert result.returncode == 1
    assert result.stderr.startswith("error: An argument is empty.")
    assert f"Received: transferpain {arguments[0]}" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        (("run", "a.yaml", "--workspace="), "transferpain run ... --workspace="),
        (("run", "a.yaml", "--workspace", ""), "transferpain run ... --workspace ''"),
        (("serve", "model", "--token", "secret-of-mine", ""), "transferpain serve ... ''"),
        (("",), "transferpain ... ''"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_of_a_line_with_an_empty_value_nothing_else_is_shown(arguments, received):
    assert f"Received: {received}\n" in light(*arguments).stderr


def test_a_value_that_ends_with_an_equals_sign_is_not_empty():
    assert "An argument is empty" not in light("run", "no-such.yaml", "--set", "head=").stderr


def test_the_version_is_shown():
    result = transferpain("--version")
    assert (result.returncode, result.stdout) == (0, f"transferpain {__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("doctor",), ("assets", "list"), ("cache", "list"), ("check-table", TABLE)],
    ids=lambda arguments: str(arguments[0]),
)
def test_start_up_imports_nothing_heavy(arguments):
    assert not imported_modules(*arguments) & HEAVY


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("data", "--help")], ids=" ".join)
def test_help_imports_nothing_that_a_command_works_with(arguments):
    assert not imported_modules(*arguments) & {*HEAVY, "numpy", "pandas", "pyarrow", "yaml", "cv2"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", EXPERIMENTS / "ai4pain-an.yaml"), "Did you mean"),
        (("run", EXPERIMENTS / "ai4pain-ann.yaml", "--data-root", "nowhere"), "Received: nowhere"),
        (("run", EXPERIMENTS / "ai4pain-ann.yaml", "--set", "training.epocs=2"), "`training.epocs` is not a known key"),
        (("run", EXPERIMENTS / "ai4pain-ann.yaml", "--set", "epochs"), "key=value"),
        (("pretrain", EXPERIMENTS / "ai4pain-ann.yaml"), "cannot be a source"),
        (("faces", EXPERIMENTS / "demo.yaml"), "is a study"),
        (("run", EXPERIMENTS / "demo.yaml", "--dry-run", "--workspace", "empty"), "draws its own twins first"),
        (("report", "nowhere"), "A report needs finished runs"),
        (("check-table", "nowhere.csv"), "no table of precision and recall"),
        (("data", "check", "biovod"), "received `biovod`; did you mean `biovid`"),
        (("data", "twin", "biovod", "--out", "x", "--subjects", "2"), "no synthetic twin"),
    ],
)
def test_a_fault_is_a_message_and_not_a_traceback(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = light(*arguments)
    assert result.returncode == 1
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_the_checker_shows_what_a_published_table_allows():
    result = transferpain("check-table", TABLE, "--accuracy", "85.71")
    assert result.returncode == 0
    for figure in ("0.7531", "0.8512", "123", "The stated accuracy 0.8571 is impossible"):
        assert figure in result.stdout


def test_debug_shows_the_traceback():
    result = light("run", "nowhere.yaml", "--debug")
    assert result.returncode == 1
    assert "Traceback" in result.stderr


def test_the_environment_names_the_data_root(tmp_path):
    result = light("data", "check", "biovid", environment={"TRANSFERPAIN_DATA": str(tmp_path / "licensed")})
    assert result.returncode == 1
    assert "licensed" in result.stderr


def test_doctor_shows_what_follows_from_the_machine():
    result = transferpain("doctor")
    assert result.returncode == 0
    for topic in ("compute dtype", "processor features", "GPU", "OpenCV packages", "data: biovid", "cache"):
        assert topic in result.stdout


def test_check_of_a_twin_says_that_it_is_synthetic(small_twin, tmp_path):
    result = light("data", "check", "biovid", "--data-root", small_twin, "--workspace", tmp_path)
    assert result.returncode == 0
    assert "SYNTHETIC" in result.stdout


def test_a_failed_file_operation_names_the_file_and_nobody():
    path = "/data/mintpain/Extracted_Data/Sub3 Plimsy Vexwortle/Annotated_data_Sub03_Trial01/a.jpg"
    message = message_of(PermissionError(13, "Permission denied", path))
    assert "Permission denied (/data/mintpain/Extracted_Data/Sub03/Annotated_data_Sub03_Trial01/a.jpg)" in message
    assert "None" not in message_of(OSError("no file"))


def test_a_process_that_is_gone_is_told():
    """Only a reader of the output who has gone is left without a word."""
    app = typer.Typer(cls=Commands)

    @app.callback()
    def common():
        pass

    @app.command()
    def speak():
        reader, writer = os.pipe()
        os.close(reader)
        os.write(writer, b"word")

    with pytest.raises(UserError, match=r"has ended before its work was done(.|\n)*Broken pipe"):
        app(["speak"])


def test_a_reader_who_has_seen_enough_hears_no_more():
    program = Path(sys.executable).with_name("transferpain")
    with subprocess.Popen([program, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.slow
def test_bash_completes_commands_and_options():
    """In a real bash; for zsh the script is looked at."""
    folder = Path(sys.executable).parent
    script = """
    eval "$(_TRANSFERPAIN_COMPLETE=source_bash transferpain)"
    for line in "transferpain mod" "transferpain models ver" "transferpain live --no"; do
        COMP_WORDS=($line); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _transferpain_completion transferpain
        echo "${COMPREPLY[@]}"
    done
    _TRANSFERPAIN_COMPLETE=source_zsh transferpain
    """
    environment = {"PATH": f"{folder}:/usr/bin:/bin"}
    result = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True)
    models, verify, no_window, *zsh = result.stdout.splitlines()
    assert (models, verify, no_window) == ("models", "verify", "--no-window"), result.stderr
    assert "#compdef transferpain" in zsh
