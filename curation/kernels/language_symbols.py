"""Characters of a UTF-8 text as symbols, cleaned as langdetect cleans a text before it looks at n-grams.

Web and mail addresses become a space, Vietnamese letters and tone marks are joined, every character is normalised, and
ASCII letters are taken out of text that is mostly in another script. A symbol is a uint32, the class of a character:

    bits 0-11    letter number: SPACE, UNKNOWN (no profile has it), or a letter of some profile
    bit 12       UPPER: upper case after normalisation
    bit 13       IN_ASCII_LETTERS: 'A' to 'z', what is in between included
    bit 14       BEYOND_LATIN: U+0300 and above
    bits 16-22   script number, 0 where the character is no letter
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from curation.kernels.eight import HIGH_BITS, ONES, equal_bytes, load_eight
from curation.kernels.jit import helper

__all__ = ["count_scripts", "join_japanese", "read_spans", "read_text", "take_out_latin"]

Bytes = npt.NDArray[np.uint8]
Symbols = npt.NDArray[np.uint32]
Number = Any  # an integer: Python's own, or numpy's of any width

SPACE, UNKNOWN, FIRST_LETTER = 1, 2, 3  # 0 stands for the absent first letter of a bigram
LETTER = 0xFFF
UPPER, IN_ASCII_LETTERS, BEYOND_LATIN = 1 << 12, 1 << 13, 1 << 14
SCRIPT_SHIFT, SCRIPTS = 16, 128
COMBINING, COMBINING_END, COMPOSED = 0x300, 0x370, 0x200  # marks, and bases below U+0200, that may be composed

HAN, KANA = 1, 2  # script numbers that `join_japanese` knows; kana is both kinds
KANA_PART = 10  # Japanese has at least one kana to ten Han letters
SPANS = 16  # pieces that are read of a text longer than the limit

# The patterns of langdetect, byte by byte:
#   https?://[-_.?&~;+=/#0-9A-Za-z]{1,2076}
#   [-_.0-9A-Za-z]{1,64}@[-_0-9A-Za-z]{1,255}[-_.0-9A-Za-z]{1,255}
_URL_MAX, _LOCAL_MAX, _DOMAIN_MAX = 2076, 64, 255


def _byte_class(members: bytes) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(members)] = True
    return table


_ALNUM = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Each eight times over.
_H, _T, _AT = (np.uint64(ord(character)) * ONES for character in "ht@")
_IN_URL = _byte_class(_ALNUM + b"-_.?&~;+=/#")
_IN_LOCAL = _byte_class(_ALNUM + b"-_.")
_IN_DOMAIN = _byte_class(_ALNUM + b"-_")


@helper
def _url_end(data: Bytes, at: Number, stop: Number) -> Number:
    """End of the web address that starts with the h at `at`, or `at`."""
    if at + 8 > stop or data[at + 1] != 116 or data[at + 2] != 116 or data[at + 3] != 112:
        return at
    after = at + 5 if data[at + 4] == 115 else at + 4
    if after + 3 >= stop or data[after] != 58 or data[after + 1] != 47 or data[after + 2] != 47:
        return at
    begin = after + 3
    end = begin
    while end < stop and end - begin < _URL_MAX and _IN_URL[data[end]]:
        end += 1
    return end if end > begin else at


@helper
def _run_end(data: Bytes, begin: Number, stop: Number, members: npt.NDArray[np.bool_]) -> Number:
    """End of at most 255 bytes that are in `members`; a web address stops them, since it is taken out first."""
    at = begin
    while at < stop and at - begin < _DOMAIN_MAX and members[data[at]]:
        if data[at] == 104 and _url_end(data, at, stop) > at:
            break
        at += 1
    return at


@helper
def _mail_start(data: Bytes, sign: Number, floor: Number) -> Number:
    """Start of the local part before the @ at `sign`, not before `floor`; `sign` where there is none."""
    begin = sign
    while begin > floor and sign - begin < _LOCAL_MAX and _IN_LOCAL[data[begin - 1]]:
        begin -= 1
    return begin


@helper
def _mail_end(data: Bytes, begin: Number, stop: Number) -> Number:
    """End of the domain from `begin`, or `begin`."""
    first = _run_end(data, begin, stop, _IN_DOMAIN)
    if first == begin:
        return begin
    second = _run_end(data, first, stop, _IN_LOCAL)
    # With nothing left for the second part, the first gives one of its characters back, if it has two.
    return second if second > first or first - begin >= 2 else begin


@helper
def _code_point(data: Bytes, at: Number, stop: Number) -> tuple[Number, Number]:
    """Code point and end of the UTF-8 sequence at `at`; a cut or broken one counts as U+FFFD."""
    lead = np.int64(data[at])
    width = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if lead < 0xC2 or lead > 0xF4 or at + width > stop:
        return 0xFFFD, at + 1
    point = lead & (0x7F >> width)
    for position in range(at + 1, at + width):
        point = point << 6 | np.int64(data[position] & 0x3F)
    return min(point, 0x10FFFF), at + width


@helper
def _is_plain(data: Bytes, at: Number) -> bool:
    """Whether data[at : at + 8] is ASCII and no address begins or has its @ there; data[at + 8] is looked at, too."""
    word, next_word = load_eight(data, np.uint64(at)), load_eight(data, np.uint64(at + 1))
    address = (equal_bytes(word, _H) & equal_bytes(next_word, _T)) | equal_bytes(word, _AT)
    plain: bool = (word & HIGH_BITS) | address == 0
    return plain


@helper
def read_symbols(
    data: Bytes,
    start: Number,
    stop: Number,
    classes: Symbols,
    composed: Symbols,
    symbols: Symbols,
    count: Number,
    limit: int,
) -> Number:
    """Append the symbols of data[start:stop] to symbols[:count], until there are `limit`; return the new count."""
    at, floor, previous = start, start, 0
    one_by_one = at  # up to here, as eight at once were tried in vain
    while at < stop and count < limit:
        if at >= one_by_one:
            while at + 9 <= stop and count + 8 <= limit and _is_plain(data, at):
                for k in range(8):
                    symbols[count + k] = classes[data[at + k]]
                at, count = at + 8, count + 8
                previous = np.int64(data[at - 1])  # type: ignore[assignment]  # numba needs one width
            one_by_one = at + 8
            if at == stop or count == limit:
                break
        byte = data[at]
        end = at
        if byte >= 0x80:
            point, at = _code_point(data, at, stop)
            if COMBINING <= point < COMBINING_END and composed[point - COMBINING, previous] != 0:
                symbols[count - 1] = composed[point - COMBINING, previous]
                previous = 0
                continue
            symbols[count] = classes[point]
            previous = point if point < COMPOSED else 0
        else:
            if byte == 104:
                end = _url_end(data, at, stop)
            elif byte == 64:
                begin = _mail_start(data, at, floor)
                domain = _mail_end(data, at + 1, stop) if begin < at else at + 1
                if domain > at + 1:
                    end = domain
                    count -= at - begin
            if end > at:
                symbols[count] = classes[32]
                at = floor = end
                previous = 0
            else:
                symbols[count] = classes[byte]
                previous = np.int64(byte)  # type: ignore[assignment]  # numba needs one width
                at += 1
        count += 1
    return count


@helper
def read_text(
    data: Bytes, start: Number, stop: Number, limit: Number, classes: Symbols, composed: Symbols, symbols: Symbols
) -> Number:
    """Symbols of at most `limit` characters of data[start:stop], behind a leading space; returns their count."""
    symbols[0] = classes[32]
    count = np.int64(1)  # a plain 1 is of another type, and would compile it twice
    # An address that ends beyond the limit can still take back what stands before its @.
    count = read_symbols(data, start, stop, classes, composed, symbols, count, limit + _LOCAL_MAX + 2)
    return min(count, limit + 1)


@helper
def _character_start(data: Bytes, at: Number, stop: Number) -> Number:
    """Where the next character starts, from `at` on."""
    while at < stop and data[at] & 0xC0 == 0x80:
        at += 1
    return at


@helper
def read_spans(
    data: Bytes, start: Number, stop: Number, length: Number, classes: Symbols, composed: Symbols, symbols: Symbols
) -> Number:
    """Like `read_text`, but only SPANS pieces of `length` bytes together, evenly spread, a space between them."""
    symbols[0] = classes[32]
    count = np.int64(1)
    piece = length // SPANS
    for number in range(SPANS):
        first = start + number * (stop - start - piece) // (SPANS - 1)
        last = _character_start(data, first + piece, stop)
        first = _character_start(data, first, stop)
        count = read_symbols(data, first, last, classes, composed, symbols, count, len(symbols))
        symbols[count] = classes[32]
        count += 1
    return count


@helper
def take_out_latin(symbols: Symbols, count: Number) -> Number:
    """Drop ASCII letters where they are less than half of the characters beyond Latin, as langdetect does."""
    latin, beyond = 0, 0
    for index in range(count):
        latin += (symbols[index] >> 13) & 1
        beyond += (symbols[index] >> 14) & 1
    if latin * 2 >= beyond:
        return count
    kept = 0
    for index in range(count):
        if not symbols[index] & IN_ASCII_LETTERS:
            symbols[kept] = symbols[index]
            kept += 1
    return kept


@helper
def count_scripts(symbols: Symbols, count: Number, scripts: npt.NDArray[np.int64]) -> None:
    """Letters by script number into `scripts` (int64[SCRIPTS]); number 0 is kept at 0.

    Most texts are in one script, which a loop without a branch tells. In others letters of the script that came last
    are counted apart: hardly any letter then waits for a sum in memory.
    """
    scripts[:] = 0
    first = np.uint32(0)
    for index in range(count):
        first = symbols[index] >> SCRIPT_SHIFT
        if first:
            break
    letters, same = 0, 0
    for index in range(count):
        letters += symbols[index] >> SCRIPT_SHIFT != 0
        same += symbols[index] >> SCRIPT_SHIFT == first
    if letters == same:
        scripts[first] = letters
        return
    run = 0
    for index in range(count if letters else 0):
        script = symbols[index] >> SCRIPT_SHIFT
        if script == first:
            run += 1
        elif script:
            scripts[first] += run
            first, run = script, 1
    scripts[first] += run
    scripts[0] = 0


@helper
def join_japanese(scripts: npt.NDArray[np.int64]) -> None:
    """Count Han letters with kana, where there is enough kana for Japanese."""
    if scripts[KANA] and scripts[KANA] * KANA_PART >= scripts[HAN]:
        scripts[KANA] += scripts[HAN]
        scripts[HAN] = 0
