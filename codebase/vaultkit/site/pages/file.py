"""The page of a canvas or of a base: the drawing, or every view."""

from vaultkit.site.bases import faults_html, load_base, show_view
from vaultkit.site.canvases import load_canvas, show_canvas
from vaultkit.site.context import Context
from vaultkit.site.draft import Line


def file_page(context: Context) -> list[Line]:
    """Lines of the page below its title."""
    path = context.page.key
    if path.lower().endswith(".canvas"):
        lines = show_canvas(context, load_canvas(context, path))
    else:
        base = load_base(context, path)
        shown = [faults_html(context, base), *(show_view(context, base, view) for view in base.views)]
        lines = [part for html in shown for part in ((context.stash.put_whole(html) if html else ""), "")]
    return [Line(0, "text" if line else "blank", "", line) for line in lines]
