"""The 20-digit id of GB/T 28181: what its parts say in words, and what is wrong with one. Pure; no meaning is invented.

Structure (domain.md §9): 8 digits centre code, 2 industry, 3 type, 1 network, 6 serial. The code lists below hold what is
in use in the field's documents; a code that is not in them is shown as it is, and is no fault.
"""

from __future__ import annotations

from dataclasses import dataclass

from config.sentences import say

STRUCTURE = "8 digits centre code, 2 industry, 3 type (131 camera, 132 network camera), 1 network, 6 serial"
CAMERA_TYPES = {"131": ("摄像机", "camera"), "132": ("网络摄像机", "network camera")}
OTHER_TYPES = {
    "118": ("网络录像机", "a recorder"),
    "200": ("中心信令控制服务器（平台）", "a platform"),
    "215": ("业务分组", "a business group"),
    "216": ("虚拟组织", "a virtual organisation"),
}
INDUSTRIES = {
    "00": ("社会治安路面接入", "public-order road"),
    "01": ("社会治安社区接入", "public-order community"),
    "02": ("社会治安内部接入", "public-order internal"),
    "03": ("社会治安其他接入", "public-order other"),
    "04": ("交通路面接入", "traffic road"),
    "05": ("交通卡口接入", "traffic checkpoint"),
    "06": ("交通内部接入", "traffic internal"),
    "07": ("交通其他接入", "traffic other"),
    "08": ("城市管理接入", "city management"),
    "09": ("卫生环保接入", "health and environment"),
}
NETWORKS = {"0": ("监控报警专网", "dedicated"), "5": ("公安信息网", "public-security"), "6": ("政务网", "government"),
            "7": ("互联网", "internet")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GbId:
    """An id by its parts, all text and verbatim."""

    centre: str
    industry: str
    type: str
    network: str
    serial: str


def parts(text: str) -> GbId | None:
    """The parts of 20 digits; None of anything else."""
    if len(text) != 20 or not (text.isascii() and text.isdigit()):
        return None
    return GbId(text[:8], text[8:10], text[10:13], text[13], text[14:])


def fault(text: str, prefix: str = "") -> str | None:
    """Why this is no camera's id, in a sentence; None where it is one.

    Args:
        prefix: the centre code must begin with it; empty takes any.
    """
    found = parts(text)
    if found is None:
        return say(
            "Expected 20 digits ({STRUCTURE}); came {text!r} with {size} characters.",
            STRUCTURE=STRUCTURE,
            text=text,
            size=len(text),
        )
    if not found.centre.startswith(prefix):
        return say(
            "Expected a centre code that begins {prefix}; came {centre} ({STRUCTURE}).",
            prefix=prefix,
            centre=found.centre,
            STRUCTURE=STRUCTURE,
        )
    if found.type not in CAMERA_TYPES:
        what = f", which is {OTHER_TYPES[found.type][1]}" if found.type in OTHER_TYPES else ""
        return say(
            "Expected type 131 or 132 in digits 11 to 13; came {type}{what} ({STRUCTURE}).",
            type=found.type,
            what=what,
            STRUCTURE=STRUCTURE,
        )
    return None


def explained(text: str, language: str) -> tuple[tuple[str, str], ...]:
    """The parts with their meaning, in order: `("99010000", "")`, `("08", "城市管理接入")` …; empty where it is no id."""
    found = parts(text)
    if found is None:
        return ()
    which = 1 if language == "en" else 0
    types = CAMERA_TYPES | OTHER_TYPES
    return (
        (found.centre, ""),
        (found.industry, INDUSTRIES.get(found.industry, ("", ""))[which]),
        (found.type, types.get(found.type, ("", ""))[which]),
        (found.network, NETWORKS.get(found.network, ("", ""))[which]),
        (found.serial, ""),
    )
