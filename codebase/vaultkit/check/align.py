"""Which block of a translation is which block of the original, when some are missing, added or changed."""

import ast
from difflib import SequenceMatcher

from vaultkit.run.program import Block

Pair = tuple[Block | None, Block | None]
_ALIKE = 0.5  # how much of two blocks must agree for one to be a changed copy of the other


def same_code(english: str, chinese: str) -> bool:
    """True if two pieces of code differ in comments, layout and string literals only."""
    return english == chinese or dump(english, strings=False) == dump(chinese, strings=False)


def dump(code: str, *, strings: bool) -> str:
    """The code's syntax tree in words, without what strings say unless `strings`."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code
    return ast.dump(tree if strings else _NoStrings().visit(tree))


def aligned(english: list[Block], chinese: list[Block]) -> list[Pair]:
    """Pairs in order: (both) a block and its copy, (one, None) missing in the translation, (None, one) added.

    As many blocks on both sides are taken one by one; else those that agree most are paired.
    """
    if len(english) == len(chinese):
        return list(zip(english, chinese, strict=True))
    left, right = ([dump(b.fence.code, strings=False) for b in side] for side in (english, chinese))
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    scores = [[_score(a, b) for b in right] for a in left]
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            both = scores[i][j] + best[i + 1][j + 1] if scores[i][j] else 0.0
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    pairs: list[Pair] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if scores[i][j] and best[i][j] == scores[i][j] + best[i + 1][j + 1]:
            pairs.append((english[i], chinese[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            pairs.append((english[i], None))
            i += 1
        else:
            pairs.append((None, chinese[j]))
            j += 1
    return [*pairs, *((block, None) for block in english[i:]), *((None, block) for block in chinese[j:])]


def _score(a: str, b: str) -> float:
    if a == b:
        return 2.0
    matcher = SequenceMatcher(a=a.split(","), b=b.split(","), autojunk=False)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= _ALIKE else 0.0


class _NoStrings(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        self.generic_visit(node)
        node.values = [value for value in node.values if not isinstance(value, ast.Constant)]
        return node
