"""What a measurement tells, and the line that is kept of a run: Row -> Figure -> Line, checked; history.py keeps it.

A row's name is how it is found again in a year: it never changes without the history being changed with it, and a test
holds both together. Where a row is one of the numbered aims (P1 to P11), its name begins with that number.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat

Better = Literal["more", "less"]
Size = int | float | str
"""A setting of the run, for example how many objects; never a path."""


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Kept):
    """One row of one run."""

    figure: FiniteFloat
    unit: str
    to: str = ""
    """What the figure is a ratio to, measured in the same run; empty: it is a figure by itself."""
    aim: float | None = None
    met: bool | None = None
    better: Better


class Row(_Kept):
    """One row of a script, as the script declares it before it measures."""

    name: Annotated[str, Field(min_length=1, max_length=34)]
    unit: Annotated[str, Field(max_length=5)]
    """Empty for a number of things, which the name tells."""
    better: Better
    to: str = ""
    aim: float | None = None
    worse: Literal["slower", "worse"] = "slower"
    """The word for a row that fell behind: memory, bytes and calls are not slower."""

    def filled(self, figure: float) -> Figure:
        kept = float(f"{figure:.4g}")
        return Figure(
            figure=kept, unit=self.unit, to=self.to, aim=self.aim, better=self.better, met=self._meets(figure)
        )

    def _meets(self, figure: float) -> bool | None:
        if self.aim is None:
            return None
        return figure >= self.aim if self.better == "more" else figure <= self.aim


class Line(_Kept):
    """One run of one script. Figures of different machines, sizes or loads are kept apart: `kind` is the same in all
    that may be compared.
    """

    script: str
    date: AwareDatetime
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")] | None
    """None where the folder is no git checkout."""
    dirty: bool | None
    """Whether files differed from that commit; the history itself does not count."""
    python: str
    cores: Annotated[int, Field(ge=1)]
    processor: str
    system: str
    load: tuple[float, float]
    """Load average of the last minute, at begin and end."""
    under_load: bool
    sizes: dict[str, Size]
    rows: dict[str, Figure]

    def kind(self) -> tuple[object, ...]:
        python = self.python.rpartition(".")[0]
        sizes = tuple(sorted(self.sizes.items()))
        return self.script, python, self.cores, self.processor, self.system, self.under_load, sizes
