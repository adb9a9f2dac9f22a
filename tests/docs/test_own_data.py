"""The commands of docs/own-data.md run as they stand there, on drawn clips with names that a clinic may give them."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.forked_program import forked
from transferpain.core.store import read_json

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "own-data.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
# What makes a run short; it changes no stage.
SHORT = ("--set", "training.epochs=1", "--set", "seeds=[0]")


@pytest.fixture(scope="module")
def ran(small_twin, tmp_path_factory):
    """Return the folder that the commands ran in, and what each printed."""
    folder = tmp_path_factory.mktemp("clinic")
    clips = folder / "data" / "our-clinic"
    clips.mkdir(parents=True)
    for video in sorted((small_twin / "biovid" / "video").rglob("*.mp4")):
        subject, stimulus = video.parent.name.partition("_")[0], video.stem.split("-")[1]
        if stimulus in ("BL1", "PA4"):
            shutil.copyfile(video, clips / f"P{subject}_{'rest' if stimulus == 'BL1' else 'pain'}.mp4")
    shutil.copyfile(small_twin / "biovid" / "SYNTHETIC.json", clips / "SYNTHETIC.json")
    (folder / "weights").symlink_to(ROOT / "weights")
    printed = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in COMMANDS:
            program, *arguments = shlex.split(command)
            assert program == "transferpain"
            result = forked(*arguments, *(SHORT if arguments[0] == "run" else ()))
            assert result.returncode == 0, (command, result.stderr)
            printed[command] = result.stdout + result.stderr
    return folder, printed


@pytest.mark.slow
def test_a_folder_of_clips_becomes_a_report(ran):
    folder, printed = ran
    (page,) = (folder / "reports").glob("our-clinic-loso*/index.html")  # shortened, so a variant with a name of its own
    assert "SYNTHETIC DATA" in page.read_text(encoding="utf-8")
    metrics = read_json(next((folder / "runs").glob("our-clinic-loso-*")) / "metrics.json")
    assert metrics["all"]["subjects"] == 4
    assert "were guessed from names" in printed["transferpain run experiments/our-clinic/loso.yaml"]
    both = printed["transferpain run experiments/our-clinic/two-sources.yaml --dry-run"]
    assert "nothing is left to do" in both  # of the experiment that it shares with the first


def test_each_command_of_the_page_is_one_of_the_toolkit():
    assert [command.split()[1] for command in COMMANDS] == ["init", "data", "run", "run", "run", "run"]
