import numpy as np

from transferpain.apps.live.landmark_window import Past


def test_it_remembers_the_last_seconds_and_forgets_another_face():
    past = Past(1.0)
    for step in range(5):
        past.add(0.4 * step, np.full((478, 3), step, np.float32))
    assert [landmarks[0, 0] for landmarks in past.landmarks] == [2, 3, 4]
    past.clear()
    past.add(9.0, np.zeros((478, 3), np.float32))
    assert [landmarks.shape for landmarks in past.landmarks] == [(478, 3)]
