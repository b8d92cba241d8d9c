"""A piece of XML as an array of bytes: values at many places of it, found at once."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = "npt.NDArray[np.int64]"
Bools: TypeAlias = "npt.NDArray[np.bool_]"
Bytes: TypeAlias = "npt.NDArray[np.uint8]"
Words: TypeAlias = "npt.NDArray[np.uint64]"

_PAD = b" " * 64


def byte_array(piece: bytes) -> Bytes:
    """The bytes, and some blanks behind them, so that the followers of every byte can be looked at."""
    return np.frombuffer(piece + _PAD, np.uint8)


def followed(text: Bytes, places: Ints, distance: int, what: bytes) -> Ints:
    """Those of the places that these bytes follow at a distance."""
    for offset, byte in enumerate(what, distance):
        places = places[text[places + offset] == byte]
    return places


def read_numbers(text: Bytes, place: Ints, lowest: int, base: int, limit: int) -> tuple[Ints, Ints]:
    """Read letters (base 26, from 1) or digits (base 10, from 0) at each place, at most `limit` of them."""
    value = np.zeros(len(place), np.int64)
    reading = np.ones(len(place), np.bool_)
    one = 1 if base == 26 else 0
    for _ in range(limit):
        digit = text[place] - np.uint8(lowest)  # what is below the lowest wraps round to above
        reading &= digit < base
        if not reading.any():
            break
        value = np.where(reading, value * base + digit + one, value)
        place = place + reading
    return value, place
