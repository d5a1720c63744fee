"""A formula as a line of text, for excerpts and for the words in it: `\\frac{\\pi_\\theta}{2}` is `π_θ/2`."""

import re
from functools import lru_cache

_TOKEN = re.compile(
    r"\\(?P<name>[A-Za-z]+)\*?\s*|\\(?P<sign>.)|(?P<space>[\s~&]+)|(?P<plain>.)",
    re.DOTALL,
)
_NAMED = """
alpha:α beta:β gamma:γ delta:δ epsilon:ε varepsilon:ε zeta:ζ eta:η theta:θ vartheta:θ iota:ι kappa:κ
lambda:λ mu:μ nu:ν xi:ξ pi:π rho:ρ varrho:ρ sigma:σ tau:τ upsilon:υ phi:φ varphi:φ chi:χ psi:ψ omega:ω
Gamma:Γ Delta:Δ Theta:Θ Lambda:Λ Xi:Ξ Pi:Π Sigma:Σ Phi:Φ Psi:Ψ Omega:Ω cdot:· times:× div:÷ pm:± le:≤
leq:≤ ge:≥ geq:≥ ne:≠ neq:≠ approx:≈ equiv:≡ sim:∼ propto:∝ ll:≪ gg:≫ in:∈ notin:∉ subset:⊂ cup:∪ cap:∩
to:→ rightarrow:→ leftarrow:← Rightarrow:⇒ mapsto:↦ gets:← iff:⇔ infty:∞ partial:∂ nabla:∇ sum:∑ prod:∏
int:∫ dots:… ldots:… cdots:… vdots:… odot:⊙ oplus:⊕ otimes:⊗ circ:∘ star:⋆ ast:* mid:| vert:| lvert:|
rvert:| Vert:‖ lVert:‖ rVert:‖ parallel:∥ lceil:⌈ rceil:⌉ lfloor:⌊ rfloor:⌋ langle:⟨ rangle:⟩ ell:ℓ
forall:∀ exists:∃ top:T prime:′ emptyset:∅ varnothing:∅ setminus:∖ neg:¬ land:∧ lor:∨ lbrace:{ rbrace:}
lt:< gt:> colon::
"""
_STYLES = """
text textbf textit textrm texttt textsf mathrm mathbf mathit mathcal mathbb mathsf mathtt mathfrak
mathscr boldsymbol bm operatorname hat widehat bar overline underline tilde widetilde vec dot ddot
underbrace overbrace boxed left right middle big Big bigg Bigg bigl bigr Bigl Bigr displaystyle
textstyle limits nolimits mathop mathrel mathbin mathord rm bf it cal
"""
_SIGNS = {pair.partition(":")[0]: pair.partition(":")[2] for pair in _NAMED.split()}
_BARE = frozenset(_STYLES.split())  # they set their argument, or what follows, in another way
_SPACES = frozenset({"quad", "qquad", "space", "enspace", "thinspace", "newline"})
_FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "cfrac"})
_LEFT_OUT = frozenset(
    {"begin", "end", "label", "color", "phantom", "hphantom", "vphantom", "hspace", "vspace"}
)
_WORD = "\0"  # the edge of a word, a space if another word stands beside it
_BETWEEN = re.compile(rf"(?<=[\w)}}\]]){_WORD}+(?=[^\W_]|√)")
_SIMPLE = re.compile(r"\w?√?[\w.]+(?:[_^]\w+)*(?:\([^()]*\))?|\([^()]*\)|\|[\w.]+\|")
_ABOVE = str.maketrans("0123456789nijkm", "⁰¹²³⁴⁵⁶⁷⁸⁹ⁿⁱʲᵏᵐ")
_LONGEST_INDEX = 40  # commands and signs
_DEEPEST = 40


@lru_cache(4096)
def readable(tex: str) -> str:
    """TeX as one line; a command that is not known stands there by its name, so nothing is lost."""
    tokens = [(found.lastgroup or "", found[found.lastgroup or 0]) for found in _TOKEN.finditer(tex)]
    parts = []
    reader = _Reader(tokens)
    while reader.position < len(tokens):
        parts.append(reader.until_brace())
        reader.position += 1  # a brace that closes nothing
    text = _BETWEEN.sub(" ", "".join(parts)).replace(_WORD, "")
    return " ".join(text.split())


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.position = 0
        self.depth = 0

    def until_brace(self) -> str:
        """All up to the brace that closes, which is not taken, or the end."""
        parts = []
        while self.position < len(self.tokens) and self.tokens[self.position] != (
            "plain",
            "}",
        ):
            parts.append(self.one())
        return "".join(parts)

    def argument(self) -> str:
        """What a command takes: the next group or sign."""
        while self.position < len(self.tokens) and self.tokens[self.position][0] == "space":
            self.position += 1
        if self.position == len(self.tokens) or self.tokens[self.position] == (
            "plain",
            "}",
        ):
            return ""
        return self.one()

    def index(self) -> str:
        """Which root it is, as in `\\sqrt[3]{x}`; "" if none is said."""
        start = self.position
        while start < len(self.tokens) and self.tokens[start][0] == "space":
            start += 1
        if self.tokens[start : start + 1] != [("plain", "[")]:
            return ""
        deep = 0
        for end in range(start + 1, min(start + _LONGEST_INDEX, len(self.tokens))):
            deep += {("plain", "{"): 1, ("plain", "}"): -1}.get(self.tokens[end], 0)
            if deep < 0:
                break
            if not deep and self.tokens[end] == ("plain", "]"):
                self.position = start + 1
                parts = []
                while self.position < end:
                    parts.append(self.one())
                self.position = max(self.position, end + 1)
                return _tidy("".join(parts))
        return ""

    def one(self) -> str:
        kind, text = self.tokens[self.position]
        self.position += 1
        self.depth += 1
        try:
            if self.depth > _DEEPEST:
                return text
            if kind == "name":
                return self.command(text)
            if kind == "sign":
                return {"!": "", "|": "‖"}.get(text, text if text in "{}%$#&_" else " ")
            if text == "{":
                inside = self.until_brace()
                self.position += 1
                return inside
            if text in "_^":
                return f"{text}{_script(self.argument())}{_WORD}"
            return " " if kind == "space" else text
        finally:
            self.depth -= 1

    def command(self, name: str) -> str:
        if sign := _SIGNS.get(name):
            return sign
        if name in _FRACTIONS:
            return f"{_whole(self.argument())}/{_whole(self.argument())}"
        if name == "sqrt":
            return _root(self.index(), _whole(self.argument()))
        if name in _LEFT_OUT:
            self.argument()
            return " "
        if name in ("left", "right") and self.tokens[self.position : self.position + 1] == [("plain", ".")]:
            self.position += 1
        if name in _BARE or name in _SPACES:
            return " " if name in _SPACES else ""
        return f"{_WORD}{name}{_WORD}"


def _whole(text: str) -> str:
    text = _tidy(text)
    return text if _SIMPLE.fullmatch(text) else f"({text})"


def _root(index: str, text: str) -> str:
    """`√x`, `³√x`, or where there are no raised letters for what stands on the root, `x^{1/(k+1)}`."""
    if _ABOVE.keys() >= set(map(ord, index)):
        return f"{_WORD}{index.translate(_ABOVE)}√{text}"
    base = text if re.fullmatch(r"\w+|\([^()]*\)", text) else f"({text})"
    return f"{_WORD}{base}^{{1/{_whole(index)}}}{_WORD}"


def _script(text: str) -> str:
    text = _tidy(text)
    return text if re.fullmatch(r"\w*|[^\w\s]", text) else f"{{{text}}}"


def _tidy(text: str) -> str:
    return _BETWEEN.sub(" ", text).replace(_WORD, "").strip()
