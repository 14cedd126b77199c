"""What `ossmend pause` and `ossmend resume` came to -> a line each: what was resumed, and what is paused now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def page(found: dict[str, Any], console: Console) -> None:
    """That nothing is paused is said where nothing else is: after `all policies: resumed` it says the same again."""
    told = [f"{_policies(name)}: resumed" for name in found.get("resumed", [])]
    told += [f"{_policies(each['policy'])}: paused by {each['by']} since {each['since']}" for each in found["paused"]]
    if found["file"]:
        told.append(f"all policies: paused by the file {found['file']}; remove it to resume")
    for line in told or ["nothing is paused"]:
        console.print(line, markup=False, soft_wrap=True)


def _policies(name: str) -> str:
    return "all policies" if name == "all" else f"policy {name}"
