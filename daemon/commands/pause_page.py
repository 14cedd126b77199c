"""What `ossmend pause` and `ossmend resume` came to -> a line each: what was resumed, what is paused now, and how that
ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

SEEN = "nothing new is written meanwhile; looking and telling go on, and `ossmend status` shows the pause"


def page(found: dict[str, Any], console: Console) -> None:
    """That nothing is paused is said where nothing else is: after `all policies: resumed` it says the same again."""
    told = [f"{_policies(name)}: resumed" for name in found.get("resumed", [])]
    told += [
        f"{_policies(each['policy'])}: paused by {each['by']} since {each['since']}; {resume(each['policy'])} ends it"
        for each in found["paused"]
    ]
    if found["file"]:
        told.append(f"all policies: paused by the file {found['file']}; remove it to resume")
    if found["paused"] or found["file"]:
        told.append(SEEN)
    for line in told or ["nothing is paused"]:
        console.print(line, markup=False, soft_wrap=True)


def resume(policy: str) -> str:
    """The command that ends this pause; the one without a name ends every pause."""
    return "`ossmend resume`" if policy == "all" else f"`ossmend resume {policy}`"


def _policies(name: str) -> str:
    return "all policies" if name == "all" else f"policy {name}"
