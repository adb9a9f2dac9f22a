"""Wrong keys, values and sources of an experiment, through the real command line."""

import pytest

from tests.end_to_end.small_runs import call, copy_parts, fail

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["featurs.fps=10"], "`featurs` is not a known key. Did you mean `features`?"),
        (["training.optimizer.learning_rte=1"], "`training.optimizer.learning_rte` is not a known key."),
        (["training.epochs=many"], "`training.epochs`: a whole number is meant"),
        (["training.epochs=[1, 2]"], "`training.epochs`: a whole number is meant"),
        (["seeds=3"], "`seeds`: a list is meant, as [0, 1]. Received: 3"),
        (["window=10"], "`window`: a mapping of keys is meant"),
        (["epochs=5"], "`epochs` is not a known key. Did you mean `training.epochs`?"),
        (["seeds=[true]"], "`seeds.0`: a number is meant. Received: true"),
        (["seeds=[010]"], "010: a whole number is written 12"),
        (["training.optimizer.learning_rate=.inf"], "a number is finite"),
        (["head.kind=knn"], "`head.kind`: known are `ann`, "),
        (["window.seconds=-1"], "`window.seconds`: more than 0 is meant"),
        (["faces.detector=opencv"], "`faces.detector`: known are 'mediapipe', "),
        (["task=ai4pain-thre"], "ai4pain-thre"),
        (["source=biovid-vgg"], "The source of ai4pain-ann was not found."),
        (["source=ai4pain-lstm"], "cannot be a source"),
        (["source=small-biovid", "faces.size=48"], "It reads faces of 32x32 pixels"),
        (["source=imagenet", "backbone=resnet18"], "Keras has none for ResNet-18."),
    ],
)
def test_an_experiment_that_cannot_be_run_is_refused(finished, tmp_path, overrides, message):
    workspace = copy_parts(finished, tmp_path, "data", "runs")
    runs = set((workspace / "runs").iterdir())
    assert message in fail(call("run", workspace, *overrides))
    assert set((workspace / "runs").iterdir()) == runs
