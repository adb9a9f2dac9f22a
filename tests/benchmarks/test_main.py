import json

import pytest

from benchmarks.__main__ import run_all


def test_results_stand_in_their_place_when_the_last_one_is_over_also_where_it_fails(tmp_path):
    def run(name, out):
        assert json.loads((tmp_path / "first.json").read_text()) == "old"
        if name == "second":
            raise RuntimeError("no result")
        (out / f"{name}.json").write_text(json.dumps("new"))

    (tmp_path / "first.json").write_text(json.dumps("old"))
    with pytest.raises(RuntimeError, match="no result"):
        run_all(["first", "second"], run, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["first.json"]
    assert json.loads((tmp_path / "first.json").read_text()) == "new"
    run_all([], run, tmp_path)
    assert json.loads((tmp_path / "first.json").read_text()) == "new"
