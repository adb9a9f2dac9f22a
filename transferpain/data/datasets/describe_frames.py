"""Frame numbers in words."""

SHOWN_STRETCHES = 5


def describe_frames(numbers: list[int]) -> str:
    """Return the ascending numbers of frames as a user reads them: `frames 1-7, 12`."""
    stretches: list[list[int]] = []
    for number in numbers:
        if stretches and stretches[-1][1] == number - 1:
            stretches[-1][1] = number
        else:
            stretches.append([number, number])
    shown = [f"{first}-{last}" if last > first else f"{first}" for first, last in stretches[:SHOWN_STRETCHES]]
    rest = len(stretches) - len(shown)
    more = f" and {rest} more stretches" if rest else ""
    return f"frame{'s' if len(numbers) > 1 else ''} {', '.join(shown)}{more}"
