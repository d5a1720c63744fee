"""Control comments (`<!-- run: … -->`) vanish, but a block that is skipped, or that must raise, says so."""

import re

from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.site.ui import say

_SKIP = re.compile(r"run:\s*skip\s+[\"'“](?P<reason>.*)[\"'”]", re.DOTALL)
_RAISES = re.compile(r"run:\s*raises\s+(?P<name>[\w.]+)")


def controls(lines: list[Line], context: Context) -> list[Line]:
    result: list[Line] = []
    pending: list[str] = []
    open_fence = False
    for line in lines:
        if line.kind == "control":
            pending += _remarks(line.content, context)
            continue
        result.append(line)
        if line.kind != "fence":
            continue
        open_fence = not open_fence
        if not open_fence:
            for remark in pending:
                result += [line.blank(), line.new(remark), line.new("{: .k-remark }"), line.blank()]
            pending = []
    return result


def _remarks(comment: str, context: Context) -> list[str]:
    if found := _SKIP.search(comment):
        return [say(context.language, "skipped", reason=" ".join(found["reason"].split()))]
    if found := _RAISES.search(comment):
        return [say(context.language, "raises", name=f"`{found['name']}`")]
    return []
