import numpy as np
import pandas as pd
import pytest

from tests.small_study import CROSS, TINY, write_small_study
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.experiments.estimate import estimate
from transferpain.experiments.schema import load_experiment
from transferpain.inputs.faces.cache import FaceFacts, write_faces
from transferpain.inputs.features.extractors.lbp import LBP
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.strategies.frozen.features import rows_of_stretch
from transferpain.strategies.frozen.strategy import FROZEN

CHANGES = CROSS | TINY | {"source": "untrained", "backbone": "resnet18"}


def test_statistics_of_a_source_that_is_not_read_cannot_be_adapted(tmp_path):
    file = write_small_study(tmp_path).with_name("ai4pain-ann.yaml")
    own = CHANGES | {"source": {"features": "made-elsewhere", "rate": 25}}
    FROZEN.check(load_experiment(file, own | {"adaptation": "coral"}))
    with pytest.raises(UserError, match="`batch_norm` changes the source, received features of `own features`"):
        load_experiment(file, own | {"adaptation": "batch_norm"})


def test_the_estimate_is_that_of_the_extractor(small_twin, tmp_path):
    file = write_small_study(tmp_path / "experiments").with_name("ai4pain-ann.yaml")
    experiment = load_experiment(file, TINY | {"source": {"extractor": "lbp", "points": 6}, "features": {"fps": 10}})
    (features,) = [
        stage
        for stage in estimate(experiment, file.parent, Places(small_twin, tmp_path))
        if stage.name.startswith("features")
    ]
    rows = int(features.work.split()[0])
    assert features.name == "features (lbp)"
    assert features.seconds == pytest.approx(rows / LBP.rate)
    assert features.disk_bytes == rows * 7 * 8 * 2  # regions, patterns, bytes of float16


@pytest.mark.parametrize(("rate", "rows"), [(10.0, 20), (2.0, 4), (None, 77)])
def test_rows_of_a_stretch_of_uneven_frames_last_as_long_as_it(tmp_path, rate, rows):
    # 120 frames in 4.8 s, ever slower; 77 of them begin within two seconds.
    times = np.linspace(0, 1, 120) ** 2 * 4.76
    stretch = int((times < 2.0).sum())
    facts = FaceFacts("k", 25.0, 120, 0, "drawn", variable=True)
    write_faces(tmp_path / "k.parquet", facts, [{"found": False, "jpeg": None, "seconds": time} for time in times])
    table = pd.DataFrame({"faces": [str(tmp_path / "k.parquet")], "num_frames": 120, "fps": 25.0, "stretch": stretch})
    table = table.assign(variable=True, problem="")
    assert abs(rows_of_stretch(table, FeatureSettings(fps=rate))[0] - rows) <= 1


def test_pictures_without_a_rate_are_not_resampled_by_time(tmp_path):
    file = write_small_study(tmp_path / "experiments").with_name("ai4pain-ann.yaml")
    clips = pd.DataFrame({"clip": ["a", "b"], "kind": ["images", "video"], "fps": pd.array([None, None], "Float64")})
    timed = load_experiment(file, TINY | {"source": "untrained", "features": {"fps": 10}})
    with pytest.raises(UserError, match=r"1 of 2 clips have no frame rate(.|\n)*--set features.fps=null"):
        FROZEN.check_clips(timed, clips)
    FROZEN.check_clips(timed, clips.assign(fps=25.0))
    FROZEN.check_clips(timed, clips.assign(kind="video"))
    FROZEN.check_clips(load_experiment(file, TINY | {"source": "untrained", "features": {"fps": None}}), clips)
