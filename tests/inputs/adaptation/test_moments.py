import numpy as np

from transferpain.inputs.adaptation.moments import collect_moments


def parts() -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [(random.normal(size=(rows, 3)) * [1, 5, 0.1] + [0, 100, 3]).astype(np.float16) for rows in (4, 1, 30)]


def test_the_moments_of_parts_are_those_of_all_rows_together():
    rows = np.concatenate(parts()).astype(np.float64)
    moments = collect_moments(parts())
    assert moments.rows == 35
    np.testing.assert_allclose(moments.mean, rows.mean(axis=0))
    np.testing.assert_allclose(moments.scatter / 35, rows.var(axis=0))
    np.testing.assert_allclose(collect_moments(parts(), products=True).scatter / 34, np.cov(rows.T))


def test_rows_without_a_face_count_nowhere():
    gap = np.full((2, 3), np.nan, np.float16)
    moments = collect_moments([gap, *parts(), gap])
    np.testing.assert_array_equal(moments.scatter, collect_moments(parts()).scatter)
    assert collect_moments([gap]) is None
    assert collect_moments([]) is None
