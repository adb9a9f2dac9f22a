"""The run folder's contract."""

import os
import shutil

import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.core.store import read_json, write_json
from transferpain.experiments.run_folder import RunFolder, fault_of_fold

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


def test_a_link_in_the_place_of_the_log_is_not_written_through(tmp_path):
    run, mine = RunFolder(tmp_path / "run"), tmp_path / "mine.txt"
    run.path.mkdir()
    mine.write_text("mine")
    (run.path / "log.txt").symlink_to(mine)
    with pytest.raises(OSError, match="symbolic link"):
        run.log("started")
    assert mine.read_text() == "mine"


def test_folds_of_runs_from_before_names_were_encoded_are_found(tmp_path):
    run = RunFolder(tmp_path / "run")
    older = {fold: run.path / "folds" / f"{fold}-seed0" for fold in ("Anna 1", "Zoë", "unknown:a.mp4", "a%2Fb", "..")}
    for folder in older.values():
        write_json(folder / "done", {})  # whatever it holds
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


def finished(path) -> RunFolder:
    """Write a finished run of two folds."""
    run = RunFolder(path)
    for fold in ("a", "b"):
        table = PREDICTIONS.assign(clip=fold, fold=fold, seed=0)
        run.finish_fold(fold, 0, table, HISTORY)
    folders = [run.fold(fold, 0) for fold in ("a", "b")]
    write_json(run.path / "facts.json", {"folds": [folder.name for folder in folders]})
    write_json(run.path / "metrics.json", {"all": None})
    write_json(run.model / "manifest.json", {})
    run.finish(["facts.json", "metrics.json"], folders)
    return run


def test_a_run_is_done_when_it_says_so(tmp_path):
    run = finished(tmp_path / "run")
    assert run.is_done
    (run.path / "done").unlink()
    assert run.fault() is None


def empty(path):
    path.write_bytes(b"")


def zero(path):
    path.write_bytes(bytes(path.stat().st_size))


def cut(path):
    path.write_bytes(path.read_bytes()[:-9])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def remove(path):
    path.unlink()


def replace_with_a_folder(path):
    path.unlink()
    path.mkdir()


DAMAGES = [empty, zero, cut, flip, remove, replace_with_a_folder]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["predictions.parquet", "history.csv"])
def test_a_fold_with_a_damaged_file_is_not_done(name, damage, tmp_path):
    run = finished(tmp_path / "run")
    damage(run.fold("b", 0) / name)
    assert name in run.fold_fault("b", 0)
    assert run.fold_is_done("a", 0)
    assert "b-seed0" in run.fault()
    with pytest.raises(UserError, match="Run its experiment again"):
        run.check()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_done_is_none(damage, tmp_path):
    run = finished(tmp_path / "run")
    damage(run.fold("b", 0) / "done")
    assert not run.fold_is_done("b", 0)
    assert not run.is_done
    run = finished(tmp_path / "other")
    damage(run.path / "done")
    assert not run.is_done


@pytest.mark.parametrize("folds", [3, None, "b-seed0", True, 1.5])
def test_a_done_whose_folds_are_no_folds_is_told(folds, tmp_path):
    run = finished(tmp_path / "run")
    record = read_json(run.path / "done")
    write_json(run.path / "done", {**record, "folds": folds})
    assert "done" in run.fault()
    with pytest.raises(UserError, match="Run its experiment again"):
        run.check()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["facts.json", "metrics.json", "model/manifest.json"])
def test_a_run_with_a_damaged_file_is_not_done(name, damage, tmp_path):
    run = finished(tmp_path / "run")
    damage(run.path / name)
    assert name in run.fault()


def test_results_are_read_by_the_plan(tmp_path):
    run = finished(tmp_path / "run")
    run.finish_fold("copy", 0, PREDICTIONS.assign(clip="copy", fold="copy", seed=0), HISTORY)
    assert list(run.predictions()["clip"]) == ["a", "b"]
    assert list(run.histories()) == ["a-seed0", "b-seed0"]
    shutil.rmtree(run.fold("b", 0))
    with pytest.raises(UserError, match="b-seed0 are damaged"):
        run.predictions()
    assert "b-seed0: its results are gone" in run.fault()


def test_swapped_folds_are_noticed(tmp_path):
    run = finished(tmp_path / "run")
    one, other = run.fold("a", 0), run.fold("b", 0)
    one.rename(run.path / "kept")
    other.rename(one)
    (run.path / "kept").rename(other)
    with pytest.raises(UserError, match="that of another fold"):
        run.predictions()
    for name in "ab":
        assert "those of run/" in run.fold_fault(name, 0)
    assert "a-seed0: they are those of run/b-seed0" in run.fault()


def replace(folder, other) -> None:
    shutil.rmtree(folder)
    shutil.copytree(other, folder)


def test_results_of_another_run_are_noticed_whole_as_they_are(tmp_path):
    run, other = finished(tmp_path / "run"), finished(tmp_path / "other")
    replace(run.fold("a", 0), other.fold("a", 0))
    assert run.fold_fault("a", 0) == "they are those of other/a-seed0"
    assert run.fault() == "a-seed0: they are those of other/a-seed0"
    assert not run.is_sealed
    with pytest.raises(UserError, match="those of other/a-seed0"):
        run.check()


def test_results_that_came_back_from_a_copy_are_not_those_that_a_run_was_finished_with(tmp_path):
    run = finished(tmp_path / "run")
    run.finish_fold("a", 0, PREDICTIONS.assign(clip="a", fold="a", seed=0, y_pred=2), HISTORY)
    assert run.fold_is_done("a", 0)
    assert run.fault() == "a-seed0: its results are not those that the run was finished with"
    # The same results, written at another time.
    run.finish_fold("a", 0, PREDICTIONS.assign(clip="a", fold="a", seed=0), HISTORY)
    assert run.is_done


def test_a_run_in_the_folder_of_another_is_refused_where_it_is_planned_and_read_under_any_name(tmp_path):
    finished(tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / "mine")
    renamed = RunFolder(tmp_path / "mine")
    renamed.check()
    assert list(renamed.predictions()["clip"]) == ["a", "b"]
    assert renamed.makers() == {}
    with pytest.raises(UserError, match=r"holds the run run\.(.|\n)*Rename the folder to run"):
        renamed.check_own()
    RunFolder(tmp_path / "absent").check_own()
    (renamed.path / "done").write_bytes(b"\0")
    renamed.check_own()


def test_a_run_of_folds_that_state_nothing_is_done(tmp_path):
    run = finished(tmp_path / "run")
    for folder in (run.fold("a", 0), run.fold("b", 0)):
        (folder / "done").write_text("2026-01-01T00:00:00+00:00\n")
    run.finish(["facts.json", "metrics.json"], [run.fold("a", 0), run.fold("b", 0)])
    assert run.is_done


def test_a_run_of_a_former_version_is_done_without_sizes(tmp_path):
    run = finished(tmp_path / "run")
    (run.path / "done").unlink()
    write_json(run.path / "facts.json", {})
    for fold in ("a", "b"):
        (run.fold(fold, 0) / "done").write_text("2026-03-01T12:00:00+00:00\n")
    assert run.is_done
    assert not run.is_sealed
    assert list(run.predictions()["clip"]) == ["a", "b"]
    empty(run.fold("b", 0) / "history.csv")
    assert "history.csv cannot be read" in run.fault()


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
        assert fault_of_fold(RunFolder(aside).fold("test", 0)) == ""
        assert RunFolder(aside).facts() == {"number": number}
        assert {path.name for path in run.path.iterdir()} == {".lock", *(f"former-{one + 1}" for one in range(number))}
        assert not run.fold_is_done("test", 0)


@pytest.mark.parametrize("name", ["predictions", "probe", "leakage.json", "facts.json", "environment.json", "log.txt"])
def test_a_run_is_told_from_itself_by_what_a_report_shows(name, tmp_path):
    run = finished(tmp_path / "run")
    before = run.digest()
    assert run.digest() == before
    if name == "predictions":
        PREDICTIONS.assign(clip="a", fold="a", seed=0, y_pred=2).to_parquet(run.fold("a", 0) / "predictions.parquet")
    elif name == "probe":
        PREDICTIONS.to_parquet(run.fold("a", 0) / "linear_probe.parquet")
    elif name == "log.txt":
        run.log("read")
    else:
        write_json(run.path / name, {"folds": ["a-seed0", "b-seed0"], "changed": True})
    assert (run.digest() == before) == (name == "log.txt")


@pytest.mark.parametrize("where", ["run", "fold", "facts.json"])
def test_what_a_later_version_wrote_is_not_called_damaged(where, tmp_path):
    run = finished(tmp_path / "run")
    path = {"run": run.path / "done", "fold": run.fold("a", 0) / "done"}.get(where, run.path / where)
    write_json(path, {"schema": 99})
    if where == "facts.json":
        (run.path / "done").unlink()
    with pytest.raises(UserError, match="Use the version"):
        run.fault()
