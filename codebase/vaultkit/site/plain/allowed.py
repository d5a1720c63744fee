"""What raw HTML of a note may hold: elements, attributes, addresses and styles that cannot run, load from
another host, leave their place on the page or lead the whole page away. Everything else is taken out.

The names are of the HTML, SVG 2 and MathML Core standards.
"""

import html
import re

_HTML = """
a abbr address article aside audio b bdi bdo big blockquote br caption center cite code col colgroup data dd
del details dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img input
ins kbd label legend li main mark menu meter nav object ol p picture pre progress q rb rp rt rtc ruby s samp
search section small source span strike strong sub summary sup table tbody td tfoot th thead time tr track tt
u ul var video wbr
"""
_SVG = """
svg g path circle ellipse line polygon polyline rect text tspan textpath defs desc title marker mask pattern
symbol clippath lineargradient radialgradient stop
"""
_MATH = """
math merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle
msub msubsup msup mtable mtd mtext mtr munder munderover semantics annotation
"""
SVG = frozenset(_SVG.split())
ELEMENTS = frozenset(_HTML.split()) | SVG | frozenset(_MATH.split())
# Of these the contents go too; of any other element that is not allowed only the tags.
_GONE = """
script style template noscript noembed noframes iframe frame frameset embed applet portal fencedframe
"""
DROPPED = frozenset(_GONE.split())
# Attributes that no element may have; those that begin with `on` besides.
_NO_ATTRIBUTES = """
srcdoc action formaction formmethod formtarget form ping http-equiv background dynsrc lowsrc codebase archive
classid code target autofocus autoplay contenteditable accesskey popover popovertarget popovertargetaction
commandfor command is slot part nonce integrity crossorigin xmlns srcset imagesrcset manifest profile usemap
ismap sandbox allow attributionsrc
"""
_NOT = frozenset(_NO_ATTRIBUTES.split())
_ADDRESSES = frozenset({"href", "src", "poster", "data", "cite", "longdesc"})
_NAME = re.compile(r"[a-z_][a-z0-9_.-]*")
_SPACE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):")
_SCHEMES = "javascript vbscript livescript mocha data file blob filesystem about jar view-source"
_RUNS = frozenset(_SCHEMES.split())
_PICTURE = re.compile(r"data:image/(?:png|gif|jpeg|webp|avif)[;,]")
_LOADS = re.compile(
    r"(?:url|image|image-set|src|cross-fade|element|expression)\s*\(|@|\\|/\*|javascript:|behavior"
)
_OWN_URL = re.compile(r"url\(\s*(['\"]?)(?![a-z][a-z0-9+.-]*:|//|[\\/]{2})[^'\"()\\]*\1\s*\)")
_MOVING = "position z-index transform translate scale content pointer-events inset opacity visibility zoom"
_MOVES = frozenset(_MOVING.split())


def safe_attributes(
    tag: str, attributes: list[tuple[str, str | None]]
) -> list[tuple[str, str | None]] | None:
    """The attributes of an opening tag that may stay; None: the tag itself may not."""
    if tag not in ELEMENTS:
        return None
    first = dict(reversed(attributes))  # of two with one name browsers take the first
    if tag == "input" and (first.get("type") or "").lower() != "checkbox":
        return None
    if tag == "object" and (first.get("type") or "").lower() != "application/pdf":
        return None
    if tag == "input":
        first.setdefault("disabled", None)
    kept = []
    for name in dict.fromkeys([*(name for name, _ in attributes), *first]):
        value = _attribute(tag, name, first[name])
        if value is not None:
            kept.append((name, None if first[name] is None else value))
    return kept


def _attribute(tag: str, name: str, value: str | None) -> str | None:
    """The value that an attribute may have, None if it may not be there."""
    if not _NAME.fullmatch(name) or name.startswith("on") or name in _NOT:
        return None
    if name in _ADDRESSES:
        if (tag, name) in (("object", "data"), ("img", "src")) or tag in (
            "audio",
            "video",
            "source",
            "track",
        ):
            return value if safe_source(value or "") else None
        return value if safe_address(value or "") else None
    if name == "style":
        return safe_style(value or "") or None
    if value and _LOADS.search(value.lower()) and tag in SVG:
        return value if _OWN_URL.fullmatch(value.strip().lower()) else None
    return value or ""


def safe_address(address: str) -> bool:
    """True for an address that a reader may follow: of the site, of the web, of an app; none that runs."""
    found = _SCHEME.match(_SPACE.sub("", address).lower())
    return found is None or found[1] not in _RUNS


def safe_source(address: str) -> bool:
    """True for an address from which a page may load: of the site itself, or a picture in the page."""
    plain = _SPACE.sub("", address).lower()
    return bool(_PICTURE.match(plain)) or not is_foreign(address)


def is_foreign(address: str) -> bool:
    """True for an address that does not lie on the site: with a scheme or a host."""
    plain = _SPACE.sub("", address).lower().replace("\\", "/")
    return plain.startswith("//") or bool(_SCHEME.match(plain))


def safe_style(style: str) -> str:
    """The declarations that only change how the element looks in its own place."""
    kept = []
    for declaration in html.unescape(style).split(";"):
        name, _, value = declaration.strip().lower().partition(":")
        fixed = name.strip() in _MOVES or name.strip().startswith(("animation", "transition", "-", "offset"))
        custom = name.startswith("--")
        loads = _LOADS.search(value) and not _OWN_URL.fullmatch(value.strip())
        if value and (custom or not fixed) and not loads:
            kept.append(declaration.strip())
    return ";".join(kept)
