"""Raw HTML of notes: what may stay stays as it was, nothing that is left can run, load or leave its place."""

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaultkit.site.plain.allowed import safe_address, safe_style
from vaultkit.site.plain.harmless import harmless
from vaultkit.site.plain.write import to_plain
from vaultkit.site.safety import policy, secure

STAYS = [
    '<details open class="x"><summary>S</summary><p id="a">b</p></details>',
    "x<sub>2</sub> <kbd>Ctrl</kbd> <mark>m</mark> <ruby>汉<rt>han</rt></ruby>",
    '<svg viewBox="0 0 9 9"><path d="M0 0h9" fill="#c00" marker-end="url(#m)"/><text x="1">t</text></svg>',
    'x <img src="attachments/a.png" alt="a" width="30"> y',
    '<a href="https://example.org/?a=1#b">out</a> <a href="mailto:a@b.c">m</a> <a href="obsidian://open">o</a>',
    '<p style="text-align:center;color:red">t</p>',
    '<object type="application/pdf" data="a.pdf#page=2">x</object>',
    "<math><mfrac><mi>a</mi><mn>2</mn></mfrac></math>",
    '<img src="data:image/png;base64,AAAA" alt="">',
]
GOES = {
    "<script>alert(1)</script>": "alert",
    "a <script>alert(1)</script> b": "alert",
    "<img src=x onerror=alert(1) onload='alert(2)'>": "alert",
    "a <img src=x/onerror=alert(1)//>": "<img",
    "<svg/onload=alert(1)>": "<svg",
    "<svg><script>alert(1)</script><animate onbegin=alert(1)></svg>": "alert",
    '<svg><use href="data:image/svg+xml,x"/><foreignObject><b onclick=a>x</b></foreignObject></svg>': "use",
    "x <a href=javascript:alert(1)>k</a>": "alert",
    'x <a href="java&#x0A;script&colon;alert(1)">k</a>': "alert",
    'x <a href="&#1;javascript:alert(1)">k</a>': "alert",
    "[k](javascript:alert(1))": "](java",
    "[k](<java\nscript:alert(1)>)": 'href="java',
    "[k][r]\n\n[r]: javascript:alert(1)": "[r]:",
    "<javascript:alert(1)>": "href",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>': "alert",
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">': "evil",
    '<base href="https://evil.example/">': "evil",
    '<link rel="stylesheet" href="https://evil.example/">': "evil",
    "<style>body{display:none}</style>": "display",
    "a <style>body{display:none}</style> b": "display",
    '<form action="https://evil.example/"><input name="a"><button>b</button></form>': "evil",
    '<div style="position:fixed;inset:0;background:url(https://evil.example/)">x</div>': "evil",
    '<div style="background:u\\72l(https://evil.example/)">x</div>': "evil",
    '<object data="evil.swf"></object><embed src="javascript:alert(1)">': "<object",
    "<template><img src=x onerror=alert(1)></template>": "alert",
    '<math><annotation-xml encoding="text/html"><b onclick=alert(1)>': "alert",
    '<p title="a"onclick="alert(1)">x</p>': "alert",
    "<a href='x' ping='https://evil.example/' target=_blank>k</a>": "evil",
    '<img src="a.png" srcset="https://evil.example/a.png 2x">': "evil",
    '<video autoplay poster="https://evil.example/"></video>': "evil",
    "<!--><img src=x onerror=alert(1)>-->": "alert",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>": "<noscript>",
    "<div id=a name=b onfocus=alert(1) autofocus tabindex=1 contenteditable>x</div>": "alert",
}


@pytest.mark.parametrize("source", STAYS)
def test_what_only_shows_something_stays(source: str) -> None:
    shown = to_plain(source)
    for tag in re.findall(r"<[^>]+>", source):
        assert tag in shown


@pytest.mark.parametrize("source", GOES)
def test_what_runs_loads_or_leads_away_goes(source: str) -> None:
    assert GOES[source] not in to_plain(source)


def test_what_another_host_shows_becomes_a_link() -> None:
    link = '<a href="https://example.org/v">a video</a>'
    assert link in to_plain('<iframe src="https://example.org/v" title="a video" onload=x></iframe>')
    assert link in to_plain('x <img src="https://example.org/v" alt="a video"> y')
    assert 'src="https://example.org/v"' in to_plain('x <img src="https://example.org/v"> y', hosts=True)


class _Live(HTMLParser):
    """Collects what could run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "meta", "base", "link", "embed", "style", "form"):
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "srcdoc":
                self.found.append(name)
            if name in ("href", "src", "data", "action") and not safe_address(value or ""):
                self.found.append(f"{name}={value}")


_WORDS = """
< > / = " ' & ; : ! - -- ` * [ ] ( ) { } # $ % \\ 1 x <script> </script> <img src= onerror= javascript: &#106;
href= <a <svg <style> </style> <!-- --> <![CDATA[ ]]> <iframe </p> <p <div markdown=1> <noscript> <textarea>
</textarea> <math> <table><td> <title>
"""
_PIECES = st.sampled_from([*_WORDS.split(), " ", "\n", "\t", "\x00"])


@given(st.lists(_PIECES, max_size=14).map("".join))
def test_nothing_left_is_alive(source: str) -> None:
    shown = re.sub(r"`[^`\n]*`", "", re.sub(r"(?ms)^( *)```.*?^\1```|^ {4}.*?$", "", to_plain(source)))
    live = _Live()
    live.feed(secure(shown))
    assert not live.found


def test_the_last_look_mends_a_page_and_leaves_its_words() -> None:
    bad = (
        '<h1 onclick="a()">T<script>b()</script></h1><a href="javascript:c()">x</a><meta http-equiv=refresh>'
    )
    assert secure(bad) == "<h1 >T</h1><a >x</a>"
    code = "<pre><code>&lt;a href=&quot;javascript:x&quot; onclick=1&gt; one = data: 3</code></pre>"
    assert secure(code) == code
    out = secure('<a class="c" href="https://example.org/">x</a><a href="//h/">y</a><a href="../b/">z</a>')
    assert out.count('rel="external noopener noreferrer"') == 2 and '<a href="../b/">' in out


def test_what_is_taken_over_as_it_stands_is_cleaned_too() -> None:
    line = (
        "T <img src=x onerror=a()> <b>b</b> [k](javascript:a()) [w](https://w/) <https://x/> `<i onclick=b>`"
    )
    assert harmless(line) == 'T <img src="x"> <b>b</b> k [w](https://w/) <https://x/> `<i onclick=b>`'
    assert harmless("1<2 <javascript:a()> <meta a=0;url=x>") == "1<2  &lt;meta a=0;url=x>"


def test_styles_keep_what_stays_in_place() -> None:
    assert (
        safe_style("color: red; width:10px;--x:3; position:fixed;TRANSFORM:none")
        == "color: red;width:10px;--x:3"
    )
    assert safe_style("background-image:url('a%20b.png')") == "background-image:url('a%20b.png')"
    assert safe_style("background:URL(//evil/);x:expression(1);y:\\75rl(x);position:relative") == ""


def test_the_policy_allows_no_script_of_a_page_but_by_its_hash() -> None:
    given_policy = html.unescape(policy("x = 1"))
    scripts = next(part for part in given_policy.split("; ") if part.startswith("script-src"))
    assert "unsafe-inline" not in scripts and "'unsafe-eval'" not in scripts and scripts.count("sha256-") == 1
