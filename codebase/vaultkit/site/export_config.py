"""The `mkdocs.yml` of an export: for plain MkDocs or Zensical, no hook, no plug-in but search."""

import json

from vaultkit.site.paths import Language

_EXTENSIONS = """\
markdown_extensions:
  - abbr
  - attr_list
  - def_list
  - footnotes
  - md_in_html
  - tables
  - toc:
      permalink: true
      toc_depth: 3
      slugify: !!python/object/apply:pymdownx.slugs.slugify { kwds: { case: lower } }
  - pymdownx.arithmatex:
      generic: true
  - pymdownx.betterem
  - pymdownx.details
  - pymdownx.highlight:
      anchor_linenums: false
      pygments_lang_class: true
  - pymdownx.inlinehilite
  - pymdownx.mark
  - pymdownx.quotes:
      callouts: true
  - pymdownx.superfences:
      relaxed_headers: true
      custom_fences:
        - name: mermaid
          class: k-mermaid
          format: !!python/name:pymdownx.superfences.fence_code_format
  - pymdownx.tasklist:
      custom_checkbox: true
  - pymdownx.tilde:
      subscript: false
"""
_COMMON = """\
use_directory_urls: true
exclude_docs: |
  !/templates/
not_in_nav: |
  *
validation: # links that lead nowhere are marked on their pages
  omitted_files: ignore
  links:
    not_found: info
    anchors: info
    absolute_links: ignore
    unrecognized_links: ignore
"""


def config(
    name: str,
    language: Language,
    docs: str,
    site: str,
    nav: list[tuple[str, str]],
    scripts: list[str],
    alternate: dict[Language, str],
) -> str:
    """Text of the file. `docs` and `site` are its folders, `nav` titles and staged files, `alternate` the
    addresses of both languages, {} for one language.
    """
    lines = [f"site_name: {_text(name)}", f"docs_dir: {docs}", f"site_dir: {site}"]
    lines += [_COMMON.rstrip(), "theme:", "  name: material", f"  language: {language}", "  font: false"]
    lines += ["  palette:", *_scheme("light", "default"), *_scheme("dark", "slate")]
    lines += ["plugins:", "  - search", "extra_css:", "  - assets/vault.css"]
    if "assets/katex/katex.min.css" in scripts:
        lines.append("  - assets/katex/katex.min.css")
    if javascript := [path for path in scripts if path.endswith(".js")]:
        lines += ["extra_javascript:", *(f"  - {path}" for path in javascript)]
    if alternate:
        names = {"en": "English", "zh": "中文"}
        lines += ["extra:", "  alternate:"]
        for code, link in alternate.items():
            lines += [f"    - name: {names[code]}", f"      link: {link}", f"      lang: {code}"]
    lines += ["nav:", *(f"  - {_text(title)}: {_text(path)}" for title, path in nav)]
    return "\n".join(lines) + "\n" + _EXTENSIONS


def _text(text: str) -> str:
    """YAML reads JSON's strings."""
    return json.dumps(text, ensure_ascii=False)


def _scheme(media: str, scheme: str) -> list[str]:
    return [f'    - media: "(prefers-color-scheme: {media})"', f"      scheme: {scheme}"]
