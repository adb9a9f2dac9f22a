import numpy as np
import pytest

from tests.experiments.notebook.made import made_clips
from transferpain.core.errors import UserError
from transferpain.experiments.notebook.clips import draw_twin, load_dataset


def test_a_twin_is_read_as_a_table_that_knows_it_is_drawn(small_twin, tmp_path):
    clips = load_dataset("biovid", small_twin, tmp_path)
    assert len(clips) == len(clips.table) == len(clips["clip"].unique())
    assert (clips.dataset, clips.synthetic) == ("biovid", True)
    assert "SYNTHETIC" in repr(clips)
    assert "SYNTHETIC" in clips._repr_html_()


def test_the_environment_names_the_data_root(small_twin, tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERPAIN_DATA", str(small_twin))
    assert load_dataset("biovid", workspace=tmp_path).index.data_root == small_twin


def test_a_selection_is_numbered_anew_and_keeps_where_it_comes_from():
    clips = made_clips()
    chosen = clips.select(clips["subject"] == "s2")
    assert chosen["clip"].tolist() == ["s2-0", "s2-1", "s2-2", "s2-3"]
    assert chosen.table.index.tolist() == [0, 1, 2, 3]
    assert chosen.synthetic
    assert len(clips) == 16


@pytest.mark.parametrize("rows", [[True], np.zeros(16, bool), np.arange(16), ["a"] * 16])
def test_rows_that_choose_nothing_or_do_not_fit_are_refused(rows):
    with pytest.raises(UserError, match="one bool each, 16 of them"):
        made_clips().select(rows)


def test_an_unknown_dataset_is_refused(small_twin, tmp_path):
    with pytest.raises(UserError, match="unknown"):
        load_dataset("biovit", small_twin, tmp_path)


def test_a_twin_that_cannot_be_drawn_is_refused(tmp_path):
    with pytest.raises(UserError, match="no synthetic twin"):
        draw_twin("other", tmp_path, subjects=2)
    with pytest.raises(UserError, match="`subjects` is out of range"):
        draw_twin("biovid", tmp_path, subjects=0)
