"""Control comments (`<!-- run: … -->`) vanish, but a block that is skipped, or that must raise, says so."""

from vaultkit.lines import Comment
from vaultkit.run.control import ControlError, parse
from vaultkit.run.requirements import present
from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.site.ui import say


def controls(lines: list[Line], context: Context) -> list[Line]:
    result: list[Line] = []
    pending: list[str] = []
    open_fence = False
    for line in lines:
        if line.kind == "control":
            pending += _remarks(line, context)
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


def _remarks(line: Line, context: Context) -> list[str]:
    """What a reader should know of the block below; what is wrong with a comment is for the runner to say."""
    comment = Comment("html", line.number, 0, line.number, 0, line.content)
    if line.content.split(":", 1)[-1].split()[:1] == ["setup"]:
        return []
    try:
        control = parse([comment])
    except ControlError:
        return []
    if control.skip:
        return [say(context.language, "skipped", reason=control.skip)]
    absent = [name for name in control.requires if not present(name)]
    if absent:
        return [say(context.language, "absent", name=f"`{absent[0]}`")]
    if control.raises:
        return [say(context.language, "raises", name=f"`{control.raises}`")]
    return []
