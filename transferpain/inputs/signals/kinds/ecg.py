"""The heart (ECG): when it beats, how fast, and how unevenly (Task Force 1996, Circulation 93:1043).

Beats are found as by Pan & Tompkins (1985, IEEE TBME 32:230): what is between 5 and 15 Hz, its slope squared and
averaged over 150 ms; then the highest of the filtered signal within 100 ms of each. Their thresholds, which follow the
last beats, are replaced by a share of what the strongest tenth of the clip has (our choice): clips last seconds.
"""

import numpy as np

from transferpain.inputs.signals.filters import filtered
from transferpain.inputs.signals.kinds.base import SignalKind

BEAT_BAND = (5.0, 15.0)
COURSE_BAND = (0.5, 40.0)
AVERAGED_SECONDS = 0.15
NEAR_SECONDS = 0.1
CLOSEST_SECONDS = 0.3  # 200 beats a minute
STRONG, SHARE = 0.98, 0.25  # of the quantile of the averaged squared slope a beat has at least this share
FEWEST_BEATS = 3  # two distances, so that one can differ from the other
RATES = (30.0, 200.0)  # beats a minute; outside of them something else was found
MEASURES = ("heart rate (1/min)", "SDNN (ms)", "RMSSD (ms)", "shortest distance of beats (ms)", "longest (ms)")


def beats(x: np.ndarray, rate: float) -> np.ndarray:
    """Return at which samples the heart beats (its R peaks), int64, rising; the sign of the signal does not matter."""
    from scipy.ndimage import uniform_filter1d
    from scipy.signal import find_peaks

    if len(x) < 2:
        return np.zeros(0, np.int64)
    band = filtered(x, rate, BEAT_BAND, "bandpass")
    strength = uniform_filter1d(np.gradient(band) ** 2, max(1, round(AVERAGED_SECONDS * rate)))
    least = SHARE * np.quantile(strength, STRONG)
    if not least > 0:
        return np.zeros(0, np.int64)
    found, _ = find_peaks(strength, height=least, distance=max(1, round(CLOSEST_SECONDS * rate)))
    if not len(found):
        return found
    near = round(NEAR_SECONDS * rate)
    stretches = [(max(0, place - near), band[max(0, place - near) : place + near + 1]) for place in found]
    # One sign for all beats: which one stands out more.
    sign = np.sign(np.median([own.max() + own.min() for _, own in stretches])) or 1.0
    return np.unique([start + int((sign * own).argmax()) for start, own in stretches])


def measure(x: np.ndarray, rate: float) -> np.ndarray:
    """Return `MEASURES` of a signal; NaN with fewer than three beats, or beats that no heart has."""
    distances = 1000 * np.diff(beats(x, rate)) / rate
    if len(distances) < FEWEST_BEATS - 1:
        return np.full(len(MEASURES), np.nan)
    heart_rate = 60_000 / distances.mean()
    if not RATES[0] <= heart_rate <= RATES[1]:
        return np.full(len(MEASURES), np.nan)
    rmssd = np.sqrt(np.mean(np.diff(distances) ** 2))
    return np.array([heart_rate, distances.std(ddof=1), rmssd, distances.min(), distances.max()])


def course(x: np.ndarray, rate: float) -> np.ndarray:
    """Return the signal without the wandering of its baseline, up to 40 Hz."""
    return filtered(x, rate, COURSE_BAND, "bandpass")


ECG = SignalKind("ecg", MEASURES, measure, course, least_rate=64.0)
