from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.inputs.faces.cache import FaceFacts, write_faces
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.reference.withheld import PLACES
from transferpain.strategies.common.features import rows_of_stretch, tells_frames_apart


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


SIGNALS = {"folder": "bio", "rate": 512}


@pytest.mark.parametrize(
    ("features", "frames", "neutral", "said"),
    [
        ({"folder": "own"}, pd.NA, [0], None),
        ({"folder": "own"}, 3, [0], None),
        ({"folder": "units", "files": "action_units"}, 3, [0, 1, 2], None),
        ({"folder": "units", "files": "action_units"}, 3, [0], "of whole clips"),
        ({"folder": "units", "files": "action_units"}, pd.NA, [0], "of whole clips"),
        ({"files": "signal_series", "fps": 16} | SIGNALS, 3, [0, 1, 2], None),
        ({"files": "signal_series", "fps": 16} | SIGNALS, 3, [0], "of signals"),
        ({"files": "signal_measures"} | SIGNALS, 3, [0], "of whole clips"),
    ],
)
def test_single_neutral_frames_go_with_features_of_frames_alone(features, frames, neutral, said):
    samples = pd.DataFrame({"clip": ["a"], "file_clip": ["a"], PLACES: pd.Series([np.array(neutral)], dtype=object)})
    clips = pd.DataFrame({"clip": ["a"], "num_frames": pd.array([frames], "Int64")})
    settings = SimpleNamespace(name="asked", features=FeatureSettings(**features))
    plan = SimpleNamespace(samples=samples, clips=clips, experiment=settings)
    if said is None:
        assert tells_frames_apart(plan)
        return
    with pytest.raises(UserError, match=f"{said}, and its references of single frames(.|\n)*1 clips .* such as a"):
        tells_frames_apart(plan)
