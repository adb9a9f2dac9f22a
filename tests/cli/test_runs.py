"""The commands of runs, as a user calls them."""

import os
import pty
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.command_line import transferpain
from tests.end_to_end.test_permissions import obey_permissions
from tests.experiments.runs.made import make_model, make_run, seal_anew
from tests.forked_program import LIGHT, forked
from tests.reports.run_folders import write_three_models
from transferpain.core.store import write_text
from transferpain.experiments.run_folder import RunFolder
from transferpain.models.bundles.manifest import manifest_hash

light = partial(forked, preload=LIGHT)


@pytest.fixture
def workspace(tmp_path):
    """A source, a run on it, and a damaged one."""
    source = make_run(tmp_path, "source", skill=0.9)
    make_run(tmp_path, "ann", source=("source", manifest_hash(source / "model")), skill=0.4)
    write_text(make_run(tmp_path, "broken") / "facts.json", "[")
    return tmp_path


def said(result) -> str:
    assert "Traceback" not in result.stderr
    return " ".join((result.stdout + result.stderr).split())


def answer(workspace, word: str) -> subprocess.CompletedProcess:
    """Call `runs remove source` with somebody at the terminal who answers."""
    own, other = pty.openpty()
    os.write(own, f"{word}\n".encode())
    command = [Path(sys.executable).with_name("transferpain"), "runs", "remove", "source", "--workspace", workspace]
    result = subprocess.run(command, stdin=other, capture_output=True, text=True, check=False)
    os.close(own)
    os.close(other)
    return result


@pytest.mark.slow
def test_a_run_that_holds_what_is_none_stops_no_list_and_a_report_names_it(workspace):
    ann = workspace / "runs" / "ann-0123456789abcdef"
    seal_anew(ann, "unusable.csv", "clip,problem\nJ\u00f6rg,x\n".encode("latin-1"))
    listed = light("runs", "list", "--workspace", workspace)
    assert (listed.returncode, "ann-0123456789abcdef" in said(listed)) == (0, True)
    source = workspace / "runs" / "source-0123456789abcdef"
    for command in (("report", source, ann), ("runs", "compare", "source", "ann")):
        refused = light(*command, "--workspace", workspace)
        assert refused.returncode == 1
        assert "unusable.csv cannot be read." in said(refused)
        assert "no text in UTF-8" in said(refused)


@pytest.mark.slow
@pytest.mark.parametrize("head", [{"kind": "hybrid"}, None])
def test_a_finished_run_that_lacks_what_its_section_reads_is_refused_and_shown_all_the_same(tmp_path, head):
    hybrid = write_three_models(tmp_path / "runs", "hybrid")
    make_model(hybrid / "model")
    experiment = yaml.safe_load((hybrid / "experiment.yaml").read_text(encoding="utf-8"))
    seal_anew(hybrid, "experiment.yaml", yaml.safe_dump(experiment | {"head": head}).encode())
    refused = light("report", hybrid, "--workspace", tmp_path)
    assert refused.returncode == 1
    assert re.search(r"experiment\.yaml: `head(\.verdict)?`.*runs remove RUN", said(refused))
    assert not (tmp_path / "reports" / "report" / "index.html").exists()
    for command in (("runs", "list"), ("runs", "show", "hybrid"), ("runs", "remove", "hybrid", "--dry-run")):
        done = light(*command, "--workspace", tmp_path)
        assert (done.returncode, hybrid.name in said(done)) == (0, True)


@pytest.mark.slow
def test_what_there_is_is_listed_shown_and_compared(workspace):
    listed = light("runs", "list", "--workspace", workspace)
    assert listed.returncode == 0
    for word in ("ann-0123456789abcdef", "finished", "SYNTHETIC", "0.333", "damaged: facts.json has 1 bytes, not "):
        assert word in said(listed)
    shown = light("runs", "show", "source", "--workspace", workspace)
    assert "runs/ann-0123456789abcdef │ its source" in said(shown)
    compared = light("runs", "compare", "source", "ann", "--workspace", workspace)
    assert "better: p is below 0.05" in said(compared)
    refused = light("runs", "compare", "source", "broken", "--workspace", workspace)
    assert (refused.returncode, "damaged" in said(refused)) == (1, True)
    assert "There is no run in" in said(light("runs", "list", "--workspace", workspace / "elsewhere"))


@pytest.mark.slow
def test_a_run_goes_when_somebody_agrees_and_not_before(workspace):
    source = workspace / "runs" / "source-0123456789abcdef"
    dry = light("runs", "remove", "source", "--dry-run", "--workspace", workspace)
    assert (dry.returncode, "its source" in said(dry)) == (0, True)
    nobody = light("runs", "remove", "source", "--workspace", workspace)
    assert (nobody.returncode, "Add --yes" in said(nobody)) == (1, True)
    no = answer(workspace, "n")
    assert "1 thing depends on it." in said(no)
    assert source.is_dir()
    with RunFolder(source).locked():
        held = light("runs", "remove", "source", "--yes", "--workspace", workspace)
    assert (held.returncode, "Another process is working" in said(held)) == (1, True)
    assert (source / "done").is_file()
    yes = answer(workspace, "y")
    assert (yes.returncode, "removed: source" in said(yes)) == (0, True)
    assert not source.exists()
    both = light("runs", "remove", "ann", "broken", "--yes", "--workspace", workspace)
    assert both.returncode == 0
    assert list((workspace / "runs").iterdir()) == []


@pytest.mark.slow
def test_a_store_that_may_not_be_written_is_named(workspace):
    store = workspace / "store"
    store.mkdir(0o555)
    write_text(workspace / "mlflow.db", "")
    (workspace / "mlflow.db").chmod(0o444)
    for place in (store, store / "mlflow.db", workspace / "mlflow.db"):
        command = ("runs", "export", "source", "--to", place, "--workspace", workspace)
        result = transferpain(*command, preexec_fn=obey_permissions)
        assert (result.returncode, "cannot be written" in said(result)) == (1, True)
    assert list(store.iterdir()) == []
