import numpy as np
import pandas as pd
import pytest
from transferpain.strategies.frozen.features import rows_of_stretch

from transferpain.inputs.faces.cache import FaceFacts, write_faces
from transferpain.inputs.features.settings import FeatureSettings


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
