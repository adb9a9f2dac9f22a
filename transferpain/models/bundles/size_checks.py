"""What every rule of `sizes` stands on: shapes, costs, and the settings under which a rule holds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]  # of one row; where any number is allowed, as of frames, it counts as `sizes.ANY`


class Refused(Exception):
    """The reason why a model file is refused."""


@dataclass(frozen=True)
class Cost:
    """What a layer, or all of them, take for one row.

    Attributes:
        parameters: numbers in the weights.
        activations: numbers that are computed and kept.
        products: multiplications.
    """

    parameters: int = 0
    activations: int = 0
    products: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.parameters + other.parameters, self.activations + other.activations, self.products + other.products
        )


Rule = Callable[[dict, list[Shape]], tuple[Shape, Cost]]


def whole(value: Any, key: str) -> int:
    """Return a number from 1 on."""
    if type(value) is not int or value < 1:
        raise Refused(f"{key} {value!s:.100}, which is no number from 1 on")
    return value


def biases(settings: dict, count: int) -> int:
    """Return how many biases a layer has, if it has any."""
    return count if settings.get("use_bias", True) else 0


def pair(settings: dict, key: str) -> tuple[int, int]:
    """Return two numbers from 1 on."""
    value = settings.get(key)
    if not isinstance(value, list) or len(value) != 2:
        raise Refused(f"{key} {value!s:.100}, which is no pair")
    return whole(value[0], key), whole(value[1], key)


def triple(settings: dict, key: str) -> tuple[int, int, int]:
    """Return three numbers from 1 on."""
    value = settings.get(key)
    if not isinstance(value, list) or len(value) != 3:
        raise Refused(f"{key} {value!s:.100}, which are no three numbers")
    return whole(value[0], key), whole(value[1], key), whole(value[2], key)


def only(settings: dict, **wanted: tuple) -> None:
    """Refuse settings under which a rule would not hold: a key may be missing, or has one of these values."""
    for key, values in wanted.items():
        if key in settings and not any(settings[key] is value or settings[key] == value for value in values):
            raise Refused(f"{key} {settings[key]!s:.100}, not {' or '.join(map(str, values))}")


def rank(shapes: list[Shape], inputs: int, axes: int | None = None) -> Shape:
    """Return the first of as many shapes as a layer reads, of as many axes."""
    if len(shapes) != inputs or (axes is not None and len(shapes[0]) != axes):
        raise Refused(f"a layer that reads {shapes}")
    return shapes[0]
