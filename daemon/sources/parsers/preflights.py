"""A browser's console line and OSS's answer -> are they of one preflight? The browser tells the page's origin and the
address but never OSS's code; OSS tells the code and the bucket but never the origin. Together they are the whole of it.

They are one only where nothing can be mistaken: one bucket, one origin and one object where both name them. Next:
same_request.py, which asks here.
"""

from __future__ import annotations

from urllib.parse import unquote

from ossmend.daemon.sources.parsers.addresses import bucket_of_host
from ossmend.daemon.sources.parsers.fragment import Fragment

CONSOLE = "browser_console"
CODE, ANSWER = "AccessForbidden", "CORSResponse:"


def is_one(one: Fragment, other: Fragment) -> bool:
    """A console line and an answer that are plainly of the same bucket. That nothing differs, `differ` has said."""
    told = (one.shape == CONSOLE and _is_answer(other)) or (other.shape == CONSOLE and _is_answer(one))
    return told and bool(_buckets(one) & _buckets(other))


def differ(one: Fragment, other: Fragment) -> bool:
    """Is one of them a console's, and does the other tell another bucket, page or object?"""
    if CONSOLE not in (one.shape, other.shape):
        return False
    mine, theirs = _named_bucket(one), _named_bucket(other)
    if mine and theirs and mine != theirs:
        return True
    origins = {each.facts["origin"].strip().rstrip("/").lower() for each in (one, other) if each.facts.get("origin")}
    keys = {key for each in (one, other) if (key := _key(each))}
    return len(origins) > 1 or len(keys) > 1


def _is_answer(fragment: Fragment) -> bool:
    """OSS's refusal of a preflight; the code is documented for nothing else, so a message need not be told."""
    return fragment.facts.get("code") == CODE and fragment.facts.get("message", ANSWER).startswith(ANSWER)


def _host(fragment: Fragment) -> str:
    return fragment.facts.get("url", "").partition("://")[2].partition("/")[0].partition("?")[0].lower()


def _named_bucket(fragment: Fragment) -> str:
    told = fragment.facts.get("bucket") or bucket_of_host(fragment.facts.get("host", ""))
    return told or bucket_of_host(_host(fragment)) or ""


def _buckets(fragment: Fragment) -> set[str]:
    """What says which bucket it is: its name, or the host that was asked, which may be a domain of one's own."""
    return {each for each in (_named_bucket(fragment), fragment.facts.get("host", "").lower(), _host(fragment)) if each}


def _key(fragment: Fragment) -> str:
    told = fragment.facts.get("object") or fragment.facts.get("key")
    path = fragment.facts.get("url", "").partition("://")[2].partition("/")[2].partition("?")[0]
    return unquote(told or path, errors="replace").lstrip("/")
