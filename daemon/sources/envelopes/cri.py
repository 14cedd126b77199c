"""CRI, as containerd and CRI-O write it below /var/log/pods: stamp, stream, `P` or `F`, text.

A line longer than 16 KiB comes in parts: `P` is a part, `F` is the whole line or its last part.
"""

from __future__ import annotations

from ossmend.daemon.sources.envelopes.line import Line
from ossmend.remediators.contract.light import regex

_CRI = regex(r"(20\d\d-[\dT:.-]{10,30}(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])(?::[A-Z:]{1,20})?(?: |$)")


def opened(raw: str) -> Line | None:
    found = _CRI.match(raw)
    if found is None:
        return None
    return Line(raw[found.end() :], found[2], found[1], partial=found[3] == "P")
