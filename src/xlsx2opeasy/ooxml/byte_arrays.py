"""A piece of XML as an array of bytes: values at many places of it, found at once."""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

Ints: TypeAlias = "npt.NDArray[np.int64]"
Bools: TypeAlias = "npt.NDArray[np.bool_]"
Bytes: TypeAlias = "npt.NDArray[np.uint8]"
Words: TypeAlias = "npt.NDArray[np.uint64]"

_PAD = b" " * 64
_MASKS = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)
"""Which bits of a word are its first bytes."""
_ZEROS = np.uint64(0x3030303030303030)
_HIGH_HALVES, _SIXES, _THREES = (np.uint64(each * 0x0101010101010101) for each in (0xF0, 0x06, 0x33))
_PAIRS = np.uint64(0x000000FF000000FF)
MOST_DIGITS = 8
"""The longest number that a word holds."""


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


def word_at(text: Bytes, place: Ints) -> Words:
    """The 8 bytes at each place as a number, the first of them lowest."""
    every_place: Words = np.ndarray(len(text) - 7, "<u8", text, strides=(1,))
    found: Words = every_place[place]
    return found


def first_bytes(words: Words, length: Ints) -> Words:
    """The first bytes of each word, none to all 8 of them; the others are 0."""
    found: Words = words & _MASKS[length]
    return found


def numbers_before(text: Bytes, end: Ints, length: Ints) -> tuple[Ints, Bools]:
    """The number of so many digits (1 to `MOST_DIGITS`) before each place, and whether these are digits.

    Each must have 8 bytes before its end. All digits of a number are taken at once, as bytes of a word.
    """
    missing = _MASKS[MOST_DIGITS - length]
    words = (word_at(text, end - MOST_DIGITS) & ~missing) | (_ZEROS & missing)
    upper = words & _HIGH_HALVES
    valid: Bools = (upper | ((words + _SIXES) & _HIGH_HALVES) >> np.uint64(4)) == _THREES
    digits = words - _ZEROS
    pairs = digits * np.uint64(10) + (digits >> np.uint64(8))
    fours = (pairs & _PAIRS) * np.uint64(100 + (1000000 << 32))
    eights = fours + (pairs >> np.uint64(16) & _PAIRS) * np.uint64(1 + (10000 << 32))
    numbers: Ints = (eights >> np.uint64(32)).view(np.int64)
    return numbers, valid
