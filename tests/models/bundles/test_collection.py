import pytest

from tests.models.bundles.bundles import vouch_again
from tests.models.bundles.complete import save_complete, terms_for
from transferpain.core.errors import UserError
from transferpain.core.store import read_json
from transferpain.evaluation.formatting import with_interval
from transferpain.models.bundles.collection import check_parents, find_models, list_model
from transferpain.models.bundles.manifest import manifest_hash
from transferpain.models.bundles.places import with_permission


@pytest.fixture
def family(tmp_path):
    """A model of FER+, its child of BioVid and its grandchild of AI4Pain: (workspace, the three folders)."""
    first = save_complete(tmp_path / "weights" / "ferplus-small")
    terms = [terms_for("biovid", False), terms_for("ferplus", False)]
    parents = [manifest_hash(first)]
    second = save_complete(tmp_path / "runs" / "biovid-0" / "model", "biovid", parents=parents, terms=terms)
    terms = [terms_for("ai4pain", False), *terms]
    parents = [manifest_hash(second), *parents]
    third = save_complete(tmp_path / "runs" / "ai4pain-0" / "model", "ai4pain", parents=parents, terms=terms)
    return tmp_path, first, second, third


def test_models_are_found_in_weights_and_runs(family):
    workspace, first, second, third = family
    assert find_models(workspace) == [third, second, first]


def test_a_line_says_what_a_model_is(family):
    _, first, second, third = family
    line = list_model(first)
    assert (line.dataset, line.sharing, line.problem) == ("ferplus", "may be shared", "")
    assert line.digest == manifest_hash(first)
    score = read_json(first / "metrics.json")["all"]["balanced_accuracy"]
    assert line.score == with_interval(score["value"], score["low"], score["high"], digits=2)
    assert line.score.startswith(f"{score['value']:.2f}")
    assert list_model(second).sharing == "ask biovid"
    assert list_model(third).sharing == "ask ai4pain, biovid"


def test_a_twin_and_a_damaged_model_are_marked(tmp_path):
    twin = save_complete(tmp_path / "twin", "biovid", synthetic=True)
    assert list_model(twin).dataset == "biovid (SYNTHETIC)"
    assert list_model(twin).sharing == "may be shared"
    (twin / "manifest.json").write_text("{}")
    assert "is not a bundle" in list_model(twin).problem


@pytest.mark.parametrize(
    "metrics",
    ['{"all": {"balanced_accuracy": {"value": ' + "9" * 400 + ', "low": 0, "high": 1}}}', "[" * 100_000, "{}", "\xff"],
    ids=["a number of 400 digits", "nested", "no scores", "no text"],
)
def test_one_damaged_model_is_listed_as_damaged_beside_the_others(family, metrics):
    workspace, first, *_ = family
    (first / "metrics.json").write_bytes(metrics.encode("latin1"))
    vouch_again(first)
    lines = [list_model(folder) for folder in find_models(workspace)]
    assert [line.problem != "" for line in lines] == [False, False, True]
    assert "is damaged: metrics.json holds no scores" in lines[2].problem


def test_scores_that_are_not_those_that_were_saved_are_not_shown(family):
    _, first, *_ = family
    (first / "metrics.json").write_text((first / "metrics.json").read_text().replace("0", "1"))
    assert "metrics.json is not the file that was saved" in list_model(first).problem


def test_parents_are_found_by_their_digests(family):
    workspace, first, second, third = family
    assert [parent.folder for parent in check_parents(third, find_models(workspace))] == [second, first]
    assert check_parents(first, find_models(workspace)) == []


def test_a_parent_that_is_not_here_is_named_and_no_fault(family):
    _, first, second, third = family
    near, far = check_parents(third, [second, third])
    assert (near.folder, far.folder) == (second, None)
    assert str(far) == f"not here: {manifest_hash(first)}"
    vouch_again(third, start="the-second")
    near, far = check_parents(third, [])
    assert str(near) == f"not here: the-second, {manifest_hash(second)}"


def test_a_parent_is_known_after_a_permission_was_recorded_in_it(family, tmp_path):
    _, first, second, third = family
    copy = with_permission(second, tmp_path / "copy", "S. Walter")
    assert manifest_hash(copy) != manifest_hash(second)
    assert [parent.folder for parent in check_parents(third, [first, copy])] == [copy, first]


def test_inherited_terms_must_be_stated(family):
    workspace, _, _, third = family
    vouch_again(third, terms=[terms_for("ai4pain", False)])
    with pytest.raises(UserError, match="left out: the terms of its data"):
        check_parents(third, find_models(workspace))


def test_all_parents_must_be_stated(family):
    workspace, _, second, third = family
    vouch_again(third, parents=[manifest_hash(second)])
    with pytest.raises(UserError, match="left out: its parents"):
        check_parents(third, find_models(workspace))


def test_what_a_farther_parent_states_is_asked_where_the_nearest_is_not_here(family):
    _, first, second, third = family
    vouch_again(third, terms=[terms_for("ai4pain", False), terms_for("biovid", False)])
    with pytest.raises(UserError, match=f"here {first}.[\\s\\S]*left out: the terms of its data"):
        check_parents(third, [first])
    vouch_again(third, parents=[manifest_hash(second), manifest_hash(first), "0" * 64])
    with pytest.raises(UserError, match="left out: its parents, the terms of its data"):
        check_parents(third, [first])


def test_a_child_must_say_what_the_synthetic_faces_are_called(tmp_path):
    terms, named = [terms_for("pain3d", False)], {"synthetic_faces": ["3DPain, synthetic faces"]}
    parent = save_complete(tmp_path / "weights" / "parent", "pain3d", synthetic=True, terms=terms, **named)
    known = {"parents": [manifest_hash(parent)], "terms": [terms_for("ai4pain", False), *terms], "synthetic": True}
    with pytest.raises(UserError, match="left out: what the synthetic faces are called"):
        check_parents(save_complete(tmp_path / "silent", "ai4pain", **known), [parent])
    check_parents(save_complete(tmp_path / "child", "ai4pain", **known, **named), [parent])


def test_a_child_of_drawn_faces_must_say_so(tmp_path):
    parent = save_complete(tmp_path / "weights" / "twin", "biovid", synthetic=True)
    terms = [terms_for("ai4pain", False), terms_for("biovid", True)]
    child = save_complete(tmp_path / "child", "ai4pain", parents=[manifest_hash(parent)], terms=terms)
    with pytest.raises(UserError, match="left out: that synthetic faces took part"):
        check_parents(child, [parent])
