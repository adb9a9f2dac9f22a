"""The run folder's contract."""

import os

import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.core.store import write_json
from transferpain.experiments.run_folder import RunFolder

PREDICTIONS = pd.DataFrame({"clip": ["a"], "frame": [-1], "y_pred": [1]})
HISTORY = pd.DataFrame({"epoch": [1], "val_loss": [0.5]})


def test_a_fold_is_done_only_when_everything_stands(tmp_path):
    run = RunFolder(tmp_path / "run")
    assert not run.fold_is_done("test", 0)
    run.finish_fold("test", 0, PREDICTIONS, HISTORY)
    assert run.fold_is_done("test", 0)
    assert not run.fold_is_done("test", 1)
    assert run.predictions().equals(PREDICTIONS.assign(part="test"))
    assert run.predictions("selection").empty


def test_predictions_of_folds_come_in_a_fixed_order(tmp_path):
    run = RunFolder(tmp_path / "run")
    for fold in ("fold1", "fold0"):
        run.finish_fold(fold, 0, PREDICTIONS.assign(clip=fold), HISTORY)
    assert list(run.predictions()["clip"]) == ["fold0", "fold1"]


HOSTILE = ["../../other", "..", "a/b", "unknown:videos/a.mp4", "x" * 300, "a\nb", "\0", "<b>", "\u202ea", ""]


@pytest.mark.parametrize("fold", [*HOSTILE, "absolute"])
def test_any_name_of_a_fold_stays_in_the_run(fold, tmp_path):
    fold = str(tmp_path / "other") if fold == "absolute" else fold
    write_json(tmp_path / "other-seed0" / "kept.json", {})
    before = sorted(tmp_path.rglob("*"))
    run = RunFolder(tmp_path / "work" / "runs" / "run")
    run.finish_fold(fold, 0, PREDICTIONS.assign(fold=fold), HISTORY)
    assert run.fold(fold, 0).parent == run.path / "folds"
    assert run.fold_is_done(fold, 0)
    assert run.predictions()["fold"].tolist() == [fold]
    assert [path for path in sorted(tmp_path.rglob("*")) if tmp_path / "work" not in (path, *path.parents)] == before


def test_a_link_leads_no_fold_out_of_the_run(tmp_path):
    run = RunFolder(tmp_path / "run")
    (tmp_path / "other").mkdir()
    run.path.mkdir()
    (run.path / "folds").symlink_to(tmp_path / "other")
    with pytest.raises(UserError, match="leads out of the folder"):
        run.finish_fold("test", 0, PREDICTIONS, HISTORY)
    assert list((tmp_path / "other").iterdir()) == []


def test_folds_of_runs_from_before_names_were_encoded_are_found(tmp_path):
    run = RunFolder(tmp_path / "run")
    older = {fold: run.path / "folds" / f"{fold}-seed0" for fold in ("Anna 1", "Zoë", "unknown:a.mp4", "a%2Fb", "..")}
    for folder in older.values():
        write_json(folder / "done", {})
    assert [fold for fold in older if run.fold(fold, 0) == older[fold]] == ["Anna 1", "Zoë", "unknown:a.mp4"]
    assert run.fold("a%2Fb", 0) != run.fold("a/b", 0)


def test_leftovers_go_and_what_links_lead_to_stays(tmp_path):
    run = RunFolder(tmp_path / "run")
    write_json(tmp_path / "other" / "kept.json", {})
    write_json(run.path / "folds" / ".partial-1" / "model.json", {})
    (run.path / ".partial-2").symlink_to(tmp_path / "other")
    with run.locked():
        assert not list(run.path.rglob(".partial-*"))
    assert (tmp_path / "other" / "kept.json").is_file()


def test_a_run_is_done_with_metrics_and_model(tmp_path):
    run = RunFolder(tmp_path / "run")
    write_json(run.path / "metrics.json", {})
    assert not run.is_done
    write_json(run.model / "manifest.json", {})
    assert run.is_done


def test_one_process_a_run(tmp_path):
    run = RunFolder(tmp_path / "run")
    with run.locked(), pytest.raises(UserError, match="Another process"), run.locked():
        raise AssertionError("the second lock must not be given")
    with run.locked():
        run.log("free again")
    assert "free again" in (run.path / "log.txt").read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="cannot be written"), RunFolder(tmp_path / "run").locked():
        raise AssertionError("the lock must not be given")


def test_what_a_run_held_can_be_put_aside(tmp_path):
    run = RunFolder(tmp_path / "run")
    for number in (1, 2):
        with run.locked():
            run.finish_fold("test", 0, PREDICTIONS, HISTORY)
            write_json(run.path / "facts.json", {"number": number})
            aside = run.put_aside()
        assert aside == run.path / f"former-{number}"
        assert RunFolder(aside).fold_is_done("test", 0)
        assert RunFolder(aside).facts() == {"number": number}
        assert {path.name for path in run.path.iterdir()} == {".lock", *(f"former-{one + 1}" for one in range(number))}
        assert not run.fold_is_done("test", 0)
