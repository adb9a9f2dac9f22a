import json

import pytest

from tests.models.bundles.logs import drawn_log, drawn_training
from transferpain.core.errors import UserError
from transferpain.core.store import write_json
from transferpain.models.bundles.manifest import Contents
from transferpain.models.bundles.training_log import Log, read_log, thinned


def write_log(folder, log: Log) -> None:
    write_json(folder / "training.json", log.training.model_dump())
    write_json(folder / "recipes.json", log.recipes.model_dump())


def contents_of(folder) -> Contents:
    """Return a folder's files as those of a bundle."""
    return Contents(folder, {}, "", {path.name: path.read_bytes() for path in folder.iterdir()})


def test_what_is_written_is_read(tmp_path):
    log = drawn_log()
    write_log(tmp_path, log)
    assert read_log(contents_of(tmp_path)) == log


def test_a_bundle_without_a_log_has_none(tmp_path):
    assert read_log(contents_of(tmp_path)) == Log()


@pytest.mark.parametrize("epochs", [1, 2, 11, 12, 13, 40, 1000])
def test_long_trainings_are_thinned_and_the_last_epoch_is_always_there(epochs):
    shown = [epoch.epoch for epoch in thinned(drawn_training(epochs).epochs)]
    assert (shown[0], shown[-1]) == (1, epochs)
    assert len(shown) == min(epochs, 12)
    assert shown == sorted(set(shown))


def edit(content, change):
    change(content)
    return content


@pytest.mark.parametrize(
    ("file", "change", "received"),
    [
        ("training.json", lambda content: content["epochs"][0].update(epoch="one"), r"epochs\.0\.epoch"),
        ("training.json", lambda content: content["epochs"][0].update(epoch=0), r"epochs\.0\.epoch"),
        ("training.json", lambda content: content["epochs"][0].update(loss="<script>"), r"epochs\.0\.loss"),
        ("training.json", lambda content: content["epochs"][0].update(more=1), r"epochs\.0\.more"),
        ("training.json", lambda content: content.pop("epochs"), "epochs"),
        ("recipes.json", lambda content: content.update(recipes=[]), "recipes"),
        ("recipes.json", lambda content: content["recipes"][0].pop("test"), r"recipes\.0\.test"),
        ("recipes.json", lambda content: content["recipes"][0].update(copies=True), r"recipes\.0\.copies"),
        ("recipes.json", lambda content: content["recipes"][0]["settings"].update(size=96), r"recipes\.0\.settings"),
    ],
)
def test_a_log_that_is_not_as_it_is_written_is_refused(file, change, received, tmp_path):
    write_log(tmp_path, drawn_log())
    content = json.loads((tmp_path / file).read_text())
    write_json(tmp_path / file, edit(content, change))
    with pytest.raises(UserError, match=f"{file} cannot be read[\\s\\S]*Received: `{received}"):
        read_log(contents_of(tmp_path))


@pytest.mark.parametrize("content", ["", "[]", "not json", "[" * 100_000, '{"epochs": [{"epoch": 1, "loss": NaN}]}'])
def test_what_is_no_log_at_all_is_refused(content, tmp_path):
    (tmp_path / "training.json").write_text(content)
    with pytest.raises(UserError, match=r"training\.json cannot be read"):
        read_log(contents_of(tmp_path))
