"""```` ```base ```` code blocks: the views of the base that stands in them, in place of its text."""

from vaultkit.bases.read import read_base
from vaultkit.site.bases import faults_html, show_view
from vaultkit.site.context import Context
from vaultkit.site.draft import Line


def base_blocks(lines: list[Line], context: Context) -> list[Line]:
    fences = {
        fence.line: fence
        for fence in context.note.scan.fences
        if fence.language == "base" and not fence.hidden
    }
    result: list[Line] = []
    until = 0
    for line in lines:
        fence = fences.get(line.number) if line.kind == "fence" and line.number >= until else None
        if fence:
            until = fence.end_line + 1
            base = read_base(context.note.path, fence.code, fence.line + 1)
            views = "".join(show_view(context, base, view, context.note.path) for view in base.views)
            put = context.stash.put if line.prefix or context.embedded else context.stash.put_whole
            html = put(faults_html(context, base) + views)
            shown = Line(line.number, "text", line.prefix, html)
            result += [shown, line.blank()] if fence.on_marker else [line.blank(), shown, line.blank()]
        elif line.number >= until:
            result.append(line)
    return result
