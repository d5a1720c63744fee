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
        lines = [faults_html(context, base), ""]
        lines += [part for view in base.views for part in (show_view(context, base, view), "")]
    return [Line(0, "text" if line else "blank", "", line) for line in lines]
