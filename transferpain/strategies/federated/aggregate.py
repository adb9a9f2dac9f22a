"""What the server does with what clients send: the mean of their weights, by how many rows each has."""

from collections.abc import Iterable, Sequence

import numpy as np

from transferpain.core.seeds import derive_seed


def weighted_mean(updates: Iterable[tuple[Sequence[np.ndarray], int]]) -> list[np.ndarray]:
    """Return the mean of the weights of clients, `sum n_k w_k / sum n_k` (McMahan et al., AISTATS 2017, algorithm 1).

    Averages of batch normalisation are weights like others. Sums are taken in float64, one client after the other, so
    that the memory does not grow with their number; a single client's weights come back as they were, to the bit.

    Args:
        updates: of each client its weights, arrays of the same shapes, and its number of rows, above 0.

    Raises:
        ValueError: if there is no client, or one has no row.
    """
    sums: list[np.ndarray] = []
    dtypes: list[np.dtype] = []
    total = 0
    for weights, rows in updates:
        if rows < 1:
            raise ValueError(f"a client has one row at least, received {rows}")
        if not total:
            sums, dtypes = [np.zeros(one.shape) for one in weights], [one.dtype for one in weights]
        for into, one in zip(sums, weights, strict=True):
            into += rows * one.astype(np.float64)
        total += rows
    if not total:
        raise ValueError("there is no client whose weights could be averaged")
    return [(one / total).astype(dtype) for one, dtype in zip(sums, dtypes, strict=True)]


def drawn_clients(count: int, share: float, seed: tuple[int | str, ...], number: int) -> list[int]:
    """Return the clients of a round, ascending: `share` of them, one at least, drawn without repetition.

    Args:
        count: clients in all.
        share: of them, above 0 and at most 1.
        seed: parts of the seed of the training.
        number: of the round, from 0.
    """
    drawn = max(1, round(share * count))
    random = np.random.default_rng(derive_seed(*seed, number, "clients"))
    return sorted(random.choice(count, drawn, replace=False).tolist())


def rounds_taken(count: int, share: float, seed: tuple[int | str, ...], rounds: int) -> np.ndarray:
    """Return in how many of the first `rounds` rounds each client took part, int64 `(count,)`; see `drawn_clients`."""
    taken = np.zeros(count, np.int64)
    for number in range(rounds):
        taken[drawn_clients(count, share, seed, number)] += 1
    return taken
