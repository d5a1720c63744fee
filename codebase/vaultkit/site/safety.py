"""The last look at a finished page's text: nothing in it may run or carry the reader off, links out say so.

What notes hold was cleaned when it was read (`plain/allowed.py`); this stands behind it for everything that
comes another way, such as titles, properties, quoted sentences and the outputs of notebooks.
"""

import base64
import hashlib
import html
import re

from vaultkit.site.plain.allowed import safe_address

# Scripts only from the site itself. KaTeX and Mermaid style their elements one by one. A PDF in an `object`
# counts as a frame too.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "font-src": "'self'",
    "object-src": "'self'",
    "frame-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
_GONE = re.compile(
    r"<(script|style)\b.*?(?:</\1\s*>|\Z)"
    r"|</?(?:script|style|iframe|frame|frameset|embed|applet|base|meta|link|portal|noscript)\b[^>]*>",
    re.IGNORECASE | re.DOTALL,
)
# What makes a page worth a close look, in lower case; patterns begin with letters, which are quick to find.
_WORDS = ("script:", "script&", "data:", "data&", "file:", "file&", "blob:", "blob&", "srcdoc", "xlink:")
_PATTERNS = [
    re.compile(pattern)
    for pattern in (
        r"on[a-z]{3,}\s*=",
        r"script\s+:",
        *(
            rf"{name}\s*=\s*[\"']?[^\"'>\s]*(?:&[#tnc]|[\x00-\x1f])"
            for name in ("href", "src", "action", "data")
        ),
        r"poster\s*=\s*[\"']?[^\"'>\s]*&",
    )
]
_TAG = re.compile(r"<[A-Za-z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_EVENT = re.compile(r"(?<=[\s\"'/])(?:on\w+|srcdoc)\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?<=[\s\"'/])((?:xlink:)?href|src|action|formaction|data|poster)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)",
    re.IGNORECASE,
)
_OUT = re.compile(r"<a\b(?![^>]*\srel=)(?=[^>]*\shref=[\"']?(?:https?:)?//)", re.IGNORECASE)
# Frames are gone by then: what is left with a `src` shows a drawing without running scripts in it.
_PICTURE = re.compile(r"\s*data:image/(?:png|gif|jpeg|webp|avif|svg\+xml)[;,]", re.IGNORECASE)
_OUT_REL = '<a rel="external noopener noreferrer"'


def secure(text: str) -> str:
    """The HTML of a page's content, made harmless; links to other hosts do not say where one came from."""
    text = _GONE.sub("", text)
    if _is_suspect(text.lower()):
        text = _TAG.sub(_tag, text)
    return _OUT.sub(_OUT_REL, text)


def _is_suspect(text: str) -> bool:
    return any(word in text for word in _WORDS) or any(pattern.search(text) for pattern in _PATTERNS)


def _tag(found: re.Match[str]) -> str:
    return _ADDRESS.sub(_address, _EVENT.sub("", found[0]))


def _address(found: re.Match[str]) -> str:
    value = html.unescape(found[2].strip("\"'"))
    picture = found[1].lower() == "src" and _PICTURE.match(value)
    return found[0] if picture or safe_address(value) else ""


def policy(*scripts: str) -> str:
    """The site's Content-Security-Policy; `scripts` are the texts of those that stand in the page itself."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = POLICY | {"script-src": " ".join([POLICY["script-src"], *(f"'sha256-{h}'" for h in hashes)])}
    return "; ".join(f"{name} {value}" for name, value in allowed.items())
