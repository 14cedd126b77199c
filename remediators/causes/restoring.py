"""The steps of a diagnosis on an archived object, with how long a restore of its own class takes."""

from __future__ import annotations

from dataclasses import replace

from ossmend.remediators.causes.archive import TIMES
from ossmend.remediators.contract.restore_times import time_of
from ossmend.remediators.contract.verdict import Diagnosis


def timed(found: Diagnosis, storage_class: str, tier: str | None) -> Diagnosis:
    """Instead of what all classes take; a diagnosis that does not say that stays as it is."""
    time = time_of(storage_class, tier)
    if time is None:
        return found
    what = ", ".join(filter(None, (storage_class, tier)))
    told = {
        "en": f"This one takes {time.en} ({what}), and more when many are restored at once.",
        "zh": f"该对象需{time.zh}（{what}），批量解冻时更久。",
    }
    general = dict(zip(("en", "zh"), TIMES, strict=True))
    steps = {lang: tuple(step.replace(general[lang], told[lang]) for step in said)
             for lang, said in found.next_steps.items()}  # fmt: skip
    return replace(found, next_steps=steps)
