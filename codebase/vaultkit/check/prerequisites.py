"""Prerequisites: notes that build on each other in a circle can never be read in order."""

from collections.abc import Iterator

from vaultkit.errors import Problem
from vaultkit.frontmatter import key_line
from vaultkit.lists.prerequisites import prerequisites
from vaultkit.vault import Vault


def check_prerequisites(vault: Vault) -> Iterator[Problem]:
    """One problem per circle, at the first note of it by path."""
    graph = {path: prerequisites(vault, path) for path in sorted(vault.notes)}
    for circle in _circles(graph):
        names = " → ".join(vault.notes[path].stem for path in [*circle, circle[0]])
        line = key_line(vault.notes[circle[0]].scan, "prerequisites")
        hint = "take one of the links out"
        yield Problem(circle[0], line, "prerequisite-circle", f"prerequisites go round: {names}", hint)


def _circles(graph: dict[str, list[str]]) -> Iterator[list[str]]:
    """Each circle that a depth-first walk closes, turned so that its first path is the smallest."""
    state: dict[str, int] = {}  # 1 on the way, 2 done
    for root in graph:
        walk = [(root, iter(graph[root]))] if root not in state else []
        trail = [root]
        state.setdefault(root, 1)
        while walk:
            path, rest = walk[-1]
            following = next(rest, None)
            if following is None:
                state[path] = 2
                walk.pop()
                trail.pop()
            elif state.get(following) == 1:
                circle = trail[trail.index(following) :]
                start = circle.index(min(circle))
                yield circle[start:] + circle[:start]
            elif following not in state:
                state[following] = 1
                trail.append(following)
                walk.append((following, iter(graph.get(following, []))))
