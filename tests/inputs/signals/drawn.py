"""Signals by formula: a heart whose beats are known, and responses of the skin at known times."""

import numpy as np

RATE = 512
SECONDS = 60
# Height, when it stands (s from the R peak), how wide (s): P, Q, R, S, T.
WAVES = ((0.12, -0.16, 0.025), (-0.12, -0.03, 0.01), (1.0, 0.0, 0.012), (-0.2, 0.03, 0.01), (0.25, 0.25, 0.04))
RESPONSES = ((6, 0.2), (16, 0.5), (27, 0.1), (39, 0.4), (50, 0.3))  # foot (s), height


def drawn_heart() -> tuple[np.ndarray, np.ndarray]:
    """Return a minute of a heart, float64 `(samples,)`, and when it beats, in seconds."""
    seconds = np.arange(SECONDS * RATE) / RATE
    beats = 0.5 + np.cumsum(0.8 + 0.05 * np.sin(0.7 * np.arange(200)))
    beats = beats[beats < SECONDS - 0.5]
    signal = 0.1 * np.sin(2 * np.pi * 0.2 * seconds) + 0.01 * np.random.default_rng(0).standard_normal(len(seconds))
    for height, delay, width in WAVES:
        for beat in beats:
            signal = signal + height * np.exp(-0.5 * ((seconds - beat - delay) / width) ** 2)
    return signal, beats


def drawn_skin() -> np.ndarray:
    """Return a minute of skin conductance, float64 `(samples,)`."""
    seconds = np.arange(SECONDS * RATE) / RATE
    signal = 5 + 0.01 * seconds + 0.002 * np.random.default_rng(1).standard_normal(len(seconds))
    for foot, height in RESPONSES:
        since = np.maximum(seconds - foot, 0)
        signal = signal + height * 2.1 * (np.exp(-since / 2.0) - np.exp(-since / 0.75))
    return signal
