"""Bytes that are nearly right: the sound file with a few cuts, copies, swaps and foreign words."""

from __future__ import annotations

from hypothesis import strategies as st

WORDS = (
    b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"'", b",", b";", b"\t", b"\r\n", b"\n\n", b"[", b"]", b"{", b"}", b"=",
    b"=1+1", b"NaN", b"nan", b"Infinity", b"-inf", b"null", b"true", b"1e999", b"-1", b"99999999999999999999", b"0000-00-00",
    b"9999-12-31", b"2025-02-30", b"1677-01-01T00:00:00", b"[[x]]", b"a.b", b"__proto__", "\u2028é\U0001f600".encode(),
    b"?" * 300, b"[" * 2000,
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, sound: bytes) -> bytes:
    """Return the sound bytes after up to six changes; now and then bytes out of nowhere."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=300))
    found = sound
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(found)))
        length = draw(st.integers(0, 12))
        kind = draw(st.sampled_from(["insert", "replace", "cut", "double", "flip", "end"]))
        piece = found[start : start + length]
        word = draw(st.sampled_from(WORDS))
        put = {
            "insert": word + piece, "replace": word, "cut": b"", "double": piece + piece,
            "flip": bytes(255 - byte for byte in piece[:1]) + piece[1:], "end": piece,
        }[kind]  # fmt: skip
        found = found[:start] + put + (b"" if kind == "end" else found[start + length :])
    return found
