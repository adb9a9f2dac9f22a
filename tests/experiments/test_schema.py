"""Experiment files: loading, bases, overrides, faults, hashes."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from transferpain.core.errors import UserError
from transferpain.core.overrides import merge, parse_overrides
from transferpain.core.validation import all_keys, validate
from transferpain.experiments.matrix.settings import load_matrix
from transferpain.experiments.schema import Experiment, experiment_hash, load_experiment, read_values
from transferpain.experiments.study_schema import is_study, load_study
from transferpain.networks.backbones.vgg16 import VGG16

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
MINIMAL = {
    "name": "minimal",
    "task": "ai4pain-three",
    "protocol": {"kind": "folders"},
    "source": "untrained",
    "strategy": "frozen",
    "features": {"fps": 8},
    "head": {"kind": "ann"},
}
HYBRID = {"strategy": "hybrid", "head": {"kind": "hybrid"}}
PROGRESSIVE = {"strategy": "progressive", "head": {"kind": "dense"}}


def write(folder: Path, name: str, values: object) -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def changed(**changes) -> dict:
    return merge(MINIMAL, changes)


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_file_is_valid_and_opens_with_paper_and_command(path):
    if "matrix" in read_values(path):
        assert load_matrix(path).matrix == path.stem
    elif is_study(path):
        load_study(path)
    else:
        assert load_experiment(path).name == path.stem
    comment = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert any("Command: make " in line for line in comment)


def test_defaults_are_filled_in(tmp_path):
    experiment = load_experiment(write(tmp_path, "a.yaml", MINIMAL))
    assert experiment.head.hidden == (1024, 128, 32)
    assert experiment.window_frames == 80
    assert experiment.resolved()["training"]["batch"] == 32


def test_a_window_shorter_than_a_row_of_features_is_one_row(tmp_path):
    experiment = load_experiment(write(tmp_path, "a.yaml", changed(features={"fps": 1}, window={"seconds": 0.3})))
    assert experiment.window_frames == 1


def test_a_window_longer_than_any_recording_is_refused(tmp_path):
    for seconds in (1.0e7, 1.0e308):
        with pytest.raises(UserError, match=r"`window\.seconds`: at most"):
            load_experiment(write(tmp_path, "a.yaml", changed(window={"seconds": seconds})))


def test_a_base_supplies_what_the_file_leaves_out(tmp_path):
    write(tmp_path, "base.yaml", MINIMAL)
    path = write(tmp_path, "a.yaml", {"base": "base.yaml", "name": "a", "features": {"batch": 8}})
    experiment = load_experiment(path)
    assert (experiment.name, experiment.features.fps, experiment.features.batch) == ("a", 8, 8)


def test_a_base_of_a_base_is_refused_with_the_way_out(tmp_path):
    write(tmp_path, "c.yaml", MINIMAL)
    write(tmp_path, "b.yaml", {"base": "c.yaml", "seeds": [3]})
    told = r"(?s)One level of `base:`.*Received: a\.yaml -> b\.yaml -> c\.yaml\nWrite base: c\.yaml into a\.yaml"
    with pytest.raises(UserError, match=told):
        load_experiment(write(tmp_path, "a.yaml", {"base": "b.yaml"}))
    # What the message says to do is enough.
    assert load_experiment(write(tmp_path, "a.yaml", {"base": "c.yaml", "seeds": [3]})).seeds == (3,)


@pytest.mark.parametrize(
    "bases",
    [{"a": "a"}, {"a": "b", "b": "b"}, {"a": "b", "b": "a"}, {"a": "b", "b": "../%s/a"}],
    ids=["itself", "one that is its own", "each other", "by another path"],
)
def test_bases_in_a_circle_are_refused_as_such(tmp_path, bases):
    for name, base in bases.items():
        write(tmp_path, f"{name}.yaml", MINIMAL | {"base": f"{base % tmp_path.name if '%' in base else base}.yaml"})
    with pytest.raises(
        UserError, match=rf"(?s)One level.*Leave `base` out of {bases['a']}\.yaml: it leads in a circle"
    ):
        load_experiment(tmp_path / "a.yaml")


def test_a_longer_chain_is_refused_at_its_second_link(tmp_path):
    for name, base in (("b", "c"), ("c", "d"), ("d", "b")):
        write(tmp_path, f"{name}.yaml", {"base": f"{base}.yaml"})
    with pytest.raises(UserError, match=r"(?s)Received: a\.yaml -> b\.yaml -> c\.yaml\nWrite base: c\.yaml into"):
        load_experiment(write(tmp_path, "a.yaml", {"base": "b.yaml"}))


@pytest.mark.parametrize("base", [None, "", " ", 3, True, ["b.yaml"], {"b.yaml": 1}])
def test_a_base_that_names_no_file_is_refused(tmp_path, base):
    with pytest.raises(UserError, match=r"(?s)`base` names no file.*leave `base` out"):
        load_experiment(write(tmp_path, "a.yaml", MINIMAL | {"base": base}))


@pytest.mark.parametrize(
    ("name", "told"), [("bas.yaml", r"Did you mean .*base\.yaml"), ("base", "could not be opened"), (".", "directory")]
)
def test_a_base_that_is_not_there_is_told(tmp_path, name, told):
    write(tmp_path, "base.yaml", MINIMAL)
    with pytest.raises(UserError, match=told):
        load_experiment(write(tmp_path, "a.yaml", {"base": name}))


def test_a_base_stands_in_a_file_alone(tmp_path):
    write(tmp_path, "base.yaml", MINIMAL)
    path = write(tmp_path, "a.yaml", MINIMAL)
    with pytest.raises(UserError, match=r"(?s)`base` cannot be set.*file of its own"):
        load_experiment(path, {"base": "base.yaml"})


def test_another_head_replaces_the_base_head_whole(tmp_path):
    write(tmp_path, "base.yaml", changed(head={"dropout": 0.5}))
    experiment = load_experiment(write(tmp_path, "a.yaml", {"base": "base.yaml", "head": {"kind": "lstm"}}))
    assert experiment.head.kind == "lstm"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trainng": {}}, r"`trainng` is not a known key. Did you mean `training`\?"),
        ({"training": {"epocs": 3}}, r"`training.epocs` is not a known key. Did you mean `training.epochs`\?"),
        (
            {"head": {"kind": "svm", "kernel": 3}},
            r"`head.kernel` is not a known key. It goes with another `head.kind`\.$",
        ),
        ({"head": {"kind": "SVM"}}, r"Received: 'SVM'; did you mean `svm`\?"),
        ({"head": {"dropuot": 0.1}}, r"`head.dropuot` is not a known key. Did you mean `head.dropout`\?"),
        ({"training": {"epochs": "many"}}, r"`training.epochs`: .*Received: 'many'"),
        ({"head": {"kind": "knn"}}, r"`head.kind`: known are `ann`, `lstm`"),
        ({"head": {"kind": "dense"}}, r"head.kind: `dense` does not go with strategy `frozen`"),
        ({"strategy": "full"}, r"head.kind: `ann` does not go with strategy `full_fine_tuning`"),
        ({"head": {"kind": "lstm"}, "features": {"fps": None}}, r"features.fps: `lstm` needs windows of one length"),
        ({"seeds": [1, 1]}, r"seeds: each seed once"),
        (
            {"feature_layer": "gap"},
            r"feature_layer: for strategy `last_layer` or .* `hybrid`, received strategy `frozen`",
        ),
        ({"rows": {"keep_painless": 0.2}}, r"rows: for strategy `last_layer` or .*received strategy `frozen`"),
        ({"training": {"kernel_l2": 1e-4}}, r"for strategies that train a network"),
        (
            {"phases": {"head": {"epochs": 1}}},
            r"phases: for strategy `gradual_unfreezing` or `fused`, received strategy `frozen`",
        ),
        (PROGRESSIVE | {"phases_up_to": "stage4"}, r"phases: vgg16 has head, block5, .*; not `stage4`"),
        (PROGRESSIVE | {"backbone": "resnet18", "phases": {"stage5": {}}}, r"stage1; not `stage5`"),
        (PROGRESSIVE | {"rows": {"augment": "oversampled"}}, r"`oversampled` needs rows.oversample_from"),
        (
            PROGRESSIVE | {"phases": {"head": {"epoch": 1}}},
            r"`phases.head.epoch` is not a known key. Did you mean `phases.head.epochs`",
        ),
        (
            {"head": {"kind": "hybrid"}},
            r"head.kind: `hybrid` does not go with strategy `frozen`, which takes `ann` or `lstm`",
        ),
        (HYBRID | {"rows": {"keep_painless": 0.2}}, r"rows: for strategy .*received strategy `hybrid`"),
        (HYBRID | {"protocol": {"selection": "paper"}}, r"protocol.selection: strategy `hybrid`"),
        (HYBRID | {"head": {"kind": "hybrid", "verdict": "all"}}, r"`head.verdict`: .*Received: 'all'"),
        ({"name": "Has Spaces"}, r"`name`: .*Received: 'Has Spaces'"),
        ({"protocol": {"kind": "random"}}, r"`protocol.kind`: .*received `random`; did you mean `random_frames`"),
    ],
)
def test_a_fault_is_one_line_that_names_the_key(tmp_path, changes, message):
    path = write(tmp_path, "a.yaml", changed(**changes))
    with pytest.raises(UserError, match=message) as caught:
        load_experiment(path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_key_is_named(tmp_path):
    values = {key: value for key, value in MINIMAL.items() if key != "task"}
    with pytest.raises(UserError, match="`task` is missing"):
        load_experiment(write(tmp_path, "a.yaml", values))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", "is not valid YAML"),
        ("- a\n- b\n", "must be a mapping"),
        ("name: a\nname: b\n", "the key `name` stands twice"),
        ("name: \udcff", "is not saved as UTF-8"),
    ],
)
def test_what_is_no_experiment_is_refused(tmp_path, text, message):
    path = tmp_path / "a.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match=message):
        load_experiment(path)


def test_a_missing_file_suggests_the_nearest_name(tmp_path):
    write(tmp_path, "ai4pain-ann.yaml", MINIMAL)
    with pytest.raises(UserError, match=r"Did you mean .*ai4pain-ann\.yaml"):
        load_experiment(tmp_path / "ai4pain-an.yaml")


def test_a_study_is_not_an_experiment():
    with pytest.raises(UserError, match="is a study of several experiments"):
        load_experiment(EXPERIMENTS / "demo.yaml")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"comparisons": [{"better": "a", "worse": "b"}]}, "`b` is not among experiments"),
        ({"twins": {"biovid": {"subjects": 4, "clisp": 2}}}, "`twins.biovid.clisp` is not a known key"),
        ({"twins": {"biovid": {"subjects": 0}}}, "out of range"),
        ({"experiments": {}}, "`experiments`"),
        ({"data_root": ""}, "`data_root`: text of at least 1 letters"),
    ],
)
def test_a_faulty_study_is_refused(tmp_path, changes, message):
    study = {"study": "s", "title": "t", "question": "q", "experiments": {"a": {"experiment": "x"}}}
    with pytest.raises(UserError, match=message):
        load_study(write(tmp_path, "s.yaml", study | changes))


def test_overrides_beat_the_file(tmp_path):
    experiment = load_experiment(write(tmp_path, "a.yaml", MINIMAL), parse_overrides(["training.epochs=5"]))
    assert experiment.training.epochs == 5


def test_of_several_sources_the_first_on_this_machine_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("TRANSFERPAIN_ASSETS", str(tmp_path))
    experiment = Experiment.model_validate(changed(source=["imagenet", "weights/ferplus-vgg16"]))
    assert experiment.source == "weights/ferplus-vgg16"
    assert experiment.resolved()["source"] == "weights/ferplus-vgg16"


def test_a_damaged_file_of_imagenet_is_named_before_another_source_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / VGG16.imagenet.asset.file).touch()
    with pytest.raises(UserError, match="imagenet-vgg16 is not the one that was published"):
        validate(Experiment, changed(source=["imagenet", "weights/ferplus-vgg16"]), tmp_path / "a.yaml")


@pytest.mark.parametrize("source", [[], ["imagenet"], [{}], [3]])
def test_a_list_without_a_source_for_this_machine_is_refused(tmp_path, monkeypatch, source):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(UserError, match="source"):
        validate(Experiment, changed(source=source), tmp_path / "a.yaml")


def test_the_hash_changes_with_each_input_and_with_nothing_else():
    experiment = Experiment.model_validate(MINIMAL)
    same = Experiment.model_validate(dict(reversed(MINIMAL.items())))
    other = Experiment.model_validate(changed(training={"epochs": 5}))
    hashes = {
        experiment_hash(experiment, "task", "index", "source"),
        experiment_hash(other, "task", "index", "source"),
        experiment_hash(experiment, "task2", "index", "source"),
        experiment_hash(experiment, "task", "index2", "source"),
        experiment_hash(experiment, "task", "index", "source2"),
    }
    assert len(hashes) == 5
    assert experiment_hash(same, "task", "index", "source") in hashes
    asked = Experiment.model_validate(changed(few_shot={"clips": [0, 3]}))  # of the report, not of the run
    assert experiment_hash(asked, "task", "index", "source") in hashes


@given(st.text(max_size=40))
def test_any_text_as_the_source_comes_back_as_it_was(text):
    values = yaml.safe_load(yaml.safe_dump(changed(source=text)))
    assert Experiment.model_validate(values).source == text


FACTS = ("task", "index", "source")  # hashes
# Leaves of an experiment and values that go with MINIMAL, whatever the others are.
LEAVES = {
    "name": st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True),
    "question": st.text(max_size=8),
    "source": st.text(max_size=8),
    "task": st.text(max_size=8),
    "seeds": st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True),
    "backbone": st.sampled_from(["vgg16", "resnet18"]),
    "faces.size": st.integers(16, 1024),
    "faces.margin": st.none() | st.floats(0, 4),
    "faces.detector": st.sampled_from(["mediapipe", "dlib", "face_alignment", "yunet"]),
    "features.fps": st.none() | st.floats(0.5, 1000),
    "features.dtype": st.sampled_from(["auto", "float32", "bfloat16"]),
    "features.batch": st.integers(1, 1024),
    "window.seconds": st.floats(0.1, 100),
    "window.missing": st.sampled_from(["hold_last", "mask"]),
    "images.every": st.integers(1, 50),
    "head.dropout": st.floats(0, 0.9),
    "head.hidden": st.lists(st.integers(1, 64), max_size=3),
    "training.epochs": st.integers(1, 500),
    "training.patience": st.none() | st.integers(1, 50),
    "training.optimizer.learning_rate": st.floats(1e-6, 1),
    "training.augment.flip": st.floats(0, 1),
    "protocol.selection_share": st.floats(0.1, 0.5),
}
CHANGES = st.fixed_dictionaries({}, optional=LEAVES)


def with_leaves(leaves: dict) -> dict:
    """Lay leaves, named by dotted keys, over the minimal experiment."""
    values = MINIMAL
    for key, value in leaves.items():
        for part in reversed(key.split(".")):
            value = {part: value}
        values = merge(values, value)
    return values


@given(CHANGES, st.sampled_from(sorted(LEAVES)), st.data())
def test_any_change_of_a_key_changes_the_hash_and_nothing_else_does(leaves, key, data):
    one = Experiment.model_validate(with_leaves(leaves))
    other = Experiment.model_validate(with_leaves(leaves | {key: data.draw(LEAVES[key])}))
    equal = experiment_hash(one, *FACTS) == experiment_hash(other, *FACTS)
    assert equal == (one == other)


@given(st.tuples(*[st.text(max_size=4)] * len(FACTS)), st.tuples(*[st.text(max_size=4)] * len(FACTS)))
def test_any_change_of_the_data_the_task_or_the_source_changes_the_hash(one, other):
    experiment = Experiment.model_validate(MINIMAL)
    assert (experiment_hash(experiment, *one) == experiment_hash(experiment, *other)) == (one == other)


@given(CHANGES)
def test_what_a_run_writes_down_is_the_same_experiment(leaves):
    experiment = Experiment.model_validate(with_leaves(leaves))
    again = Experiment.model_validate(yaml.safe_load(yaml.safe_dump(experiment.resolved(), sort_keys=False)))
    assert again == experiment
    assert experiment_hash(again, *FACTS) == experiment_hash(experiment, *FACTS)


PARTS = ("", "faces.", "features.", "window.", "images.", "head.", "training.", "training.optimizer.", "protocol.")


@given(CHANGES, st.sampled_from(PARTS), st.from_regex(r"[a-z_]{1,12}", fullmatch=True))
def test_an_unknown_key_is_named_wherever_it_stands(leaves, place, key):
    values = with_leaves(leaves | {f"{place}{key}": 1})
    assume(key not in all_keys(Experiment))
    with pytest.raises(UserError, match=re.escape(f"`{place}{key}` is not a known key")):
        validate(Experiment, values, Path("a.yaml"))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(CHANGES, st.sampled_from(sorted(LEAVES)), JUNK)
def test_any_value_is_taken_or_refused_in_one_line(leaves, key, junk):
    try:
        message = ""
        validate(Experiment, with_leaves(leaves | {key: junk}), Path("a.yaml"))
    except UserError as error:
        message = str(error)
    assert len(message.splitlines()) <= 1


@pytest.mark.parametrize("number", [0, 3, "two", None, 2.0, True])
def test_a_file_of_another_schema_is_refused_with_what_to_do(tmp_path, number):
    path = write(tmp_path, "later.yaml", MINIMAL | {"schema": number})
    with pytest.raises(UserError, match=r"later\.yaml is of a form that this version does not know") as refused:
        load_experiment(path)
    assert "schema 1 to 2" in str(refused.value)
    assert "Use the version" in str(refused.value)
    above = write(tmp_path, "above.yaml", {"base": "later.yaml", "name": "above"})
    with pytest.raises(UserError, match=r"later\.yaml is of a form"):
        load_experiment(above)


@pytest.mark.parametrize("number", [1, 2])
def test_a_file_that_says_its_schema_is_read(tmp_path, number):
    path = write(tmp_path, "known.yaml", MINIMAL | {"schema": number})
    assert load_experiment(path) == load_experiment(write(tmp_path, "silent.yaml", MINIMAL))
