"""Seeds that depend on what they are for, not on the order of calls."""

import hashlib


def derive_seed(*parts: int | str) -> int:
    """Return a 31-bit seed that is a function of `parts` alone, e.g. `(seed, fold, epoch)`.

    A run that was interrupted asks for the same parts again and so draws the same numbers.
    """
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
