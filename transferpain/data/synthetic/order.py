"""In which order a twin takes the official subjects, so that a small one is like the whole."""


def interleave(*groups: list[str]) -> list[str]:
    """Merge lists so that every beginning of the result holds them in proportion; each list keeps its order."""
    ranked = [((place + 0.5) / len(group), which, name) for which, group in enumerate(groups)
              for place, name in enumerate(group)]  # fmt: skip
    return [name for _, _, name in sorted(ranked)]
