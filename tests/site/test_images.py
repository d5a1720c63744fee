"""Sizes of embedded figures: as a browser would show them, so that text in a figure stays readable."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vaultkit.site import images
from vaultkit.site.context import Context, Target
from vaultkit.vault import Vault


@pytest.mark.parametrize(
    ("tag", "size", "attributes"),
    [
        ('width="460.8pt" height="345.6pt" viewBox="0 0 460.8 345.6"', "", 'width="614" height="461"'),
        ('width="460.8pt" height="345.6pt"', "307", 'width="307" height="230"'),
        ('viewBox="0 0 420 180"', "", 'width="420" height="180"'),
        ('width="100%" height="100%" viewBox="0 0 420 180"', "", 'width="420" height="180"'),
        ('width="10mm" height="20mm"', "", 'width="38" height="76"'),
        ("", "", ""),
        ("", "50x20", 'width="50" height="20"'),
    ],
)
def test_sizes(
    tmp_path: Path, context_of: Callable[..., Context], tag: str, size: str, attributes: str
) -> None:
    (tmp_path / "a b.svg").write_text(
        f'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" {tag}></svg>'
    )
    context = context_of("text")
    context.sitemap.vault = Vault(tmp_path, context.vault.notes, {"a b.svg"})
    written = images.image(context, Target(None, None, "", "a b.svg"), size, wikilink=True)
    words = f"{attributes} loading" if attributes else "loading"
    assert written == f'![a b](../a%20b.svg){{ {words}="lazy" }}'
    assert context.files == {"a b.svg"}
