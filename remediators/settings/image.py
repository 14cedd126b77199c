"""Settings of image_damage.py: the section `image` of a policy."""

from __future__ import annotations

from typing import Literal

from ossmend.remediators.contract.settings import Settings, section


@section("image")
class ImageSettings(Settings):
    """What may be done about a damaged picture in a bucket that keeps versions."""

    restore_version: Literal["never", "approve", "enforce"] = "approve"
    """Copy the newest version that decodes over the damaged one. `approve`: a person approves each, whatever the
    policy's mode; `enforce`: the policy's mode decides; `never`: it is only told which version is good.
    """

    @classmethod
    def only_telling(cls) -> ImageSettings:
        return cls(restore_version="never")
