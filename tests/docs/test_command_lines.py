"""Every command line of README.md and docs/*.md is read by the command line itself, and run, or it is said why not."""

import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import cv2
import pytest
import typer.main

from tests.docs.command_lines import PAGES, collect, commands_of, of_page, python_of
from tests.end_to_end.small_runs import link_tree
from tests.forked_program import LIGHT, ForkedProgram, forked
from transferpain.cli.app import app
from transferpain.experiments.executors.worker import PRELOADED

ROOT = Path(__file__).parents[2]
LINES = collect()
WHOLE = sorted({command.text for command in LINES if command.whole})
PROGRAM = typer.main.get_command(app)
# Why a whole line is not run here; each is read in any case.
HOURS, LICENSED, NETWORK, ELSEWHERE = (
    "takes minutes or hours",
    "needs the licensed data",
    "needs a network",
    "is run by a test of its own",
)
NOT_RUN = {
    "make demo": HOURS,
    "make test": HOURS,
    "make null-check": HOURS,
    "make pain-model": HOURS,
    "make au-cnn-hybrid": HOURS,
    "make multimodal-fusion-demo": HOURS,
    "make multimodal-cross-demo": HOURS,
    "make biovid-clip-demo": HOURS,
    "make unbc-pspi-demo": HOURS,
    "make deep-adaptation-demo": HOURS,
    "make unbc-units-demo": HOURS,
    "make unbc-units DATA=/path/to/data": LICENSED,
    "make biovid-federated-demo": HOURS,
    "make ai4pain-ann DATA=/path/to/your/data": LICENSED,
    "make biovid-clip DATA=/path/to/data": LICENSED,
    "make unbc-pspi DATA=/path/to/data": LICENSED,
    "make biovid-federated DATA=/path/to/data": LICENSED,
    'make biovid-federated DATA=/path/to/data ARGS="--set name=pooled --set strategy=frozen --set federated=null"': (
        LICENSED
    ),
    'make biovid-federated DATA=/path/to/data ARGS="--set name=personal --set federated.personal=last_layer"': (
        LICENSED
    ),
    "transferpain run experiments/known-answers.yaml --confirm": HOURS,
    "make known-answers": HOURS,
    "make unbc-from-pain3d-demo": HOURS,
    "make pain3d-vgg16 DATA=/path/to/data": LICENSED,
    "make unbc-from-pain3d DATA=/path/to/data": LICENSED,
    "transferpain data check pain3d --data-root /path/to/data": LICENSED,
    'make biovid-clip DATA=/path/to/data ARGS="--set network.kind=vivit"': LICENSED,
    "make multimodal-fusion DATA=/path/to/data": LICENSED,
    "make multimodal-cross DATA=/path/to/data": LICENSED,
    "transferpain matrix experiments/transfer-matrix.yaml --data-root DIR --dry-run": LICENSED,
    "transferpain matrix experiments/transfer-matrix.yaml --data-root DIR --where target=unbc --jobs 2": LICENSED,
    "transferpain register experiments/transfer-matrix.yaml --data-root DIR": LICENSED,
    "transferpain matrix experiments/transfer-matrix.yaml --data-root DIR --set threads=4 --executor ray "
    "--address HOST:PORT": LICENSED,
    "transferpain matrix experiments/transfer-matrix.yaml --data-root DIR --dry-run --processors 8,64,1000": LICENSED,
    "transferpain run experiments/demo.yaml --null": HOURS,
    "transferpain matrix experiments/transfer-matrix-demo.yaml --null --where target=ai4pain": HOURS,
    "transferpain assets fetch [NAME]": NETWORK,
    "transferpain models push MODEL hf://owner/name": NETWORK,
    "transferpain models pull https://example.org/mine.zip#sha256=DIGEST": NETWORK,
    "transferpain models pull hf://owner/name@COMMIT#sha256=DIGEST": NETWORK,
    "transferpain export-edge MODEL --to FOLDER": ELSEWHERE,  # tests/apps/edge/test_export.py
    "transferpain live MODEL --source 0 --encoder FOLDER/encoder-int8.tflite": ELSEWHERE,  # apps/live/test_session.py
    "transferpain runs export RUN --to mlflow.db": ELSEWHERE,  # tests/experiments, where MLflow is
    "python -m venv mlflow-page": NETWORK,
    "transferpain serve pain-model": ELSEWHERE,  # as the longer line below, by HTTP: tests/apps/serve
    "transferpain predict RUN clip.mp4 --reference neutral.mp4": ELSEWHERE,  # tests/end_to_end/test_reference.py
    "transferpain serve hybrid": ELSEWHERE,  # tests/apps/serve/test_hybrid_assessor.py
}


def test_lines_are_found_in_blocks_and_sentences():
    page = "Use `transferpain doctor`, not `doctor`.\n```sh\nmake demo  # comment\nA=1 transferpain run a.yaml \\\n"
    page += "  --dry-run && make test\n```\n```python\nmake demo\n```\n    transferpain live X\ntransferpain is text\n"
    found = [(command.line, command.text, command.whole) for command in of_page("page", page)]
    assert found == [
        (1, "transferpain doctor", False),
        (3, "make demo", True),
        (5, "transferpain run a.yaml --dry-run", True),
        (5, "make test", True),
        (10, "transferpain live X", True),
    ]
    assert commands_of("transferpain") == []
    assert len(WHOLE) > 30


def leaf(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command that words name, and its arguments; options of the program itself are before it."""
    command = PROGRAM
    while words and hasattr(command, "commands"):
        if words[0].startswith("--"):
            (option,) = (one for one in command.params if words[0] in one.opts)
            words = words[1 if option.is_flag else 2 :]
            continue
        assert words[0] in command.commands, f"there is no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    return command, words


def filled(word: str) -> str:
    """Return a word with what stands for something else in place of it: `[NAME]`, `0|FILE`, `RUN...`."""
    return word.strip("[]").split("|")[0].removesuffix("...") or word


def read(words: list[str], whole: bool) -> None:
    """Let the command line read words; within a sentence a line may leave out what must be given."""
    command, arguments = leaf(words)
    given = [filled(word) for word in arguments]
    if not whole:
        given = ["1" if re.fullmatch("[A-Z]", word) else word for word in given]
    if hasattr(command, "commands"):
        assert not whole
        assert not arguments
        return
    try:
        command.make_context("line", given)
    except Exception as error:  # of typer's own copy of click, which it does not name
        if type(error).__name__ != "MissingParameter" or whole:
            raise


@pytest.mark.parametrize("command", LINES, ids=lambda command: f"{command.page}:{command.line} {command.text}")
def test_the_command_line_can_read_it(command):
    if command.program == "transferpain":
        read(command.words[1:], command.whole)
    elif command.program == "make":
        targets = [word for word in command.words[1:] if "=" not in word]
        assert targets
        assert set(targets) <= make_targets()
        variables = {word.partition("=")[0] for word in command.words[1:] if "=" in word}
        assert variables <= {"DATA", "ARGS", "PYTHON", "LEAN", "VENV"}
    elif command.program == "python" and command.words[1] == "-m":
        assert importlib.util.find_spec(command.words[2]), command
    elif command.program == "python" and command.words[1] == "-c":
        compile(command.words[2], "line", "exec")
    elif command.program == "python":
        assert (ROOT / command.words[1]).is_file()
    else:
        assert command.words[:2] == [command.words[0], "install"]


@pytest.mark.parametrize("line", ["runn a.yaml", "run", "run a.yaml --no-such", "models verify", "serve X --port much"])
def test_a_line_that_nobody_can_read_is_noticed(line):
    with pytest.raises(Exception, match=r"(?i)no command|missing|no such option|valid int"):
        read(line.split(), whole=True)


def make_targets() -> set[str]:
    """Return the targets of the Makefile."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    lists = dict(re.findall(r"(?m)^([A-Z]+) := (.+)$", text))
    rules = re.findall(r"(?m)^([\w$() -]+): ", text)
    return {name for rule in rules for part in rule.split() for name in lists.get(part.strip("$()"), part).split()}


def test_what_the_makefile_calls_can_be_read():
    """Of every target that a page names."""
    named = sorted({word for line in LINES if line.program == "make" for word in line.words[1:] if "=" not in word})
    make = ["make", "-n", *named, "DATA=d", "ARGS=", "MAKEFLAGS="]  # not those of whoever called the tests
    said = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    called = [shlex.split(line) for line in said.splitlines() if line.startswith(".venv/bin/transferpain ")]
    assert len(called) > 20
    for words in called:
        read(words[1:], whole=True)
        for word in words:
            assert not word.endswith(".yaml") or (ROOT / word).is_file()


def test_files_that_whole_lines_name_are_there():
    for command in LINES:
        for word in command.words[1:] if command.whole else ():
            shipped = word.startswith(("experiments/", "docs/", "weights/")) and "our-clinic" not in word
            assert not shipped or word == "weights/mine" or (ROOT / word).exists(), command


def test_python_in_a_block_compiles_and_stands_on_a_page_whose_blocks_are_run():
    """By test_readme.py, test_python.py, test_extend.py and test_texture.py."""
    blocks = {page.name: python_of(page.read_text(encoding="utf-8")) for page in PAGES}
    assert {page for page, found in blocks.items() if found} == {"README.md", "python.md", "extend.md", "texture.md"}
    for page, found in blocks.items():
        for block in found:
            compile(block, page, "exec")


def run_folder(finished: Path, twin: Path, folder: Path) -> Path:
    """Fill a folder as the repository is, with a finished study in place of what takes hours."""
    for name in ("experiments", "docs"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "weights").mkdir()
    for shared in (ROOT / "weights").glob("ferplus-*"):
        (folder / "weights" / shared.name).symlink_to(shared)
    link_tree(finished / "runs", folder / "runs")
    shutil.copytree(twin, folder / "twins", symlinks=True)
    return folder


# How whole lines are run: word -> what stands in its place, and what is added; in this order.
SHORT = ("--set", "source=untrained")  # its source's clips are longer than those of the twin
RUN = {
    ".venv/bin/transferpain doctor": ({}, ()),
    "transferpain assets list": ({}, ()),
    "transferpain assets verify": ({}, ()),
    "transferpain check-table docs/hosseini-table-2.csv --accuracy 85.71": ({}, ()),
    "transferpain register experiments/known-answers.yaml": ({}, ()),
    "transferpain run experiments/ai4pain-ann.yaml --data-root DIR --dry-run": ({"DIR": "twins"}, SHORT),
    "transferpain run experiments/ai4pain-ann.yaml --data-root DIR --set faces.detector=mediapipe "
    "--set seeds=[0,1,2,3,4]": ({"DIR": "twins"}, (*SHORT, "--dry-run")),
    "transferpain run experiments/ai4pain-ann.yaml --set dataset=biovid --set task=cross-binary "
    "--set 'protocol={kind: cross_dataset, test_dataset: ai4pain}' --set adaptation=coral": (
        {},
        ("--data-root", "twins", *SHORT, "--dry-run"),
    ),
    "transferpain run experiments/matrix-tuned.yaml --set 'protocol={kind: cross_dataset, test_dataset: ai4pain}' "
    "--set adaptation=deep_coral": ({}, ("--data-root", "twins", *SHORT, "--set", "window.seconds=0.4", "--dry-run")),
    "transferpain models list": ({}, ()),
    "transferpain models verify MODEL --reproduce --parents": ({"MODEL": "ann"}, ()),
    "transferpain models card MODEL": ({"MODEL": "ann"}, ()),
    "transferpain models ship RUN --to weights/mine": ({"RUN": "ann"}, ("--i-have-permission", "a test")),
    "transferpain models export MODEL mine.zip": ({"MODEL": "mine"}, ()),
    "transferpain models import mine.zip": ({}, ()),
    "transferpain live MODEL --source 0|video.mp4|URL": (
        {"MODEL": "lstm", "0|video.mp4|URL": "video.mp4"},
        ("--no-window", "--skip", "none", "--csv", "lstm.csv"),
    ),
    "transferpain live pain-model --source video.mp4 --no-window --csv levels.csv": ({"pain-model": "mine.zip"}, ()),
    "transferpain predict MODEL holidays/ clip.mp4 --to answers.csv": ({"MODEL": "ann", "clip.mp4": "video.mp4"}, ()),
    "transferpain predict ferplus-resnet18 photo.jpg": ({}, ()),
    "transferpain explain pain-model --data-root data/pain-model-twin": (
        {"pain-model": "ann", "data/pain-model-twin": "data"},
        ("--pictures", "1"),
    ),
}
SERVED = {
    "transferpain serve pain-model --host 0.0.0.0 --self-signed": ("--port", "0"),
}
LIGHT_LINES = ("doctor", "assets", "check-table", "list", "card", "export", "import", "--dry-run")


def test_each_whole_line_is_run_or_it_is_said_why_not():
    own = {command.text for command in LINES if command.page == "own-data.md"}  # tests/docs/test_own_data.py
    known = {*RUN, *SERVED, *NOT_RUN, *own}
    assert [text for text in WHOLE if " ".join(text.split()) not in known and Path(text.split()[0]).name != "pip"
            and " -c " not in text] == []  # fmt: skip
    assert {*RUN, *SERVED, *NOT_RUN} <= {" ".join(text.split()) for text in WHOLE}


@pytest.mark.slow
def test_whole_lines_run(finished_study, small_twin, tmp_path):
    workspace, study, _ = finished_study
    folder = run_folder(workspace, small_twin, tmp_path)
    data = study.parent / "data" if (study.parent / "data").is_dir() else workspace / "data"
    (folder / "data").symlink_to(data)
    video = next((data / "ai4pain").rglob("*.mp4"))
    (folder / "video.mp4").symlink_to(video)
    (folder / "holidays").mkdir()
    _, frame = cv2.VideoCapture(str(video)).read()
    for photo in (folder / "photo.jpg", folder / "holidays" / "beach.jpg"):
        cv2.imwrite(str(photo), frame)
    for text, (instead, added) in RUN.items():
        words = [instead.get(word, word) for word in shlex.split(text)[1:]]
        light = any(word in LIGHT_LINES for word in (*words, *added))
        result = forked(*words, *added, folder=folder, preload=LIGHT if light else PRELOADED)
        assert result.returncode == 0, (text, result.stdout, result.stderr)
    assert "level" in (folder / "lstm.csv").read_text(encoding="utf-8")
    assert (folder / "levels.csv").read_text(encoding="utf-8").count("\n") > 2
    for text, added in SERVED.items():
        words = [{"pain-model": "ann"}.get(word, word) for word in shlex.split(text)[1:]]
        program = ForkedProgram(*words, *added, folder=folder)
        until = time.monotonic() + 60
        while "/v1" not in program.stdout and "http" not in program.stdout and program.poll() is None:
            assert time.monotonic() < until, program.stderr
            time.sleep(0.05)
        assert program.poll() is None, program.stderr
        os.kill(program.pid, signal.SIGTERM)
        assert program.wait() == 0, program.stderr
