"""One language's staged tree in memory: each step's result with the questions it asked."""

from dataclasses import dataclass, field

from vaultkit.errors import Problem
from vaultkit.site.clock import build_day
from vaultkit.site.draft import Formula
from vaultkit.site.graph import Graph
from vaultkit.site.katex import Renderer
from vaultkit.site.live.log import Key, Log
from vaultkit.site.live.views import LoggedMap, logged_api, logged_inputs
from vaultkit.site.live.world import World
from vaultkit.site.paths import Language
from vaultkit.site.stage import Part, Staged, attachment, of_all, steps
from vaultkit.vault import stamp_of

Stamp = tuple[int, int, int] | None
ENGINE: Key = ("engine",)
DAY: Key = ("day",)


@dataclass
class Kept:
    """A step's result; `disk`: the files it asked for, as they were when it began."""

    part: Part
    keys: set[Key]
    disk: dict[str, Stamp]
    wrong: list[Problem] = field(default_factory=list)  # formulas that KaTeX refuses


@dataclass
class Tree:
    """`staged` is the whole of it, as `stage` would give it from nothing, but for what is made of all notes
    together: that is as `finish` left it.
    """

    language: Language
    staged: Staged = field(init=False)
    _kept: dict[str, Kept] = field(default_factory=dict)
    _files: dict[str, tuple[Stamp, Part]] = field(default_factory=dict)  # attachments
    _day: str = ""
    _of_all: Part = field(default_factory=Part)

    def update(self, world: World, changed: set[Key], renderer: Renderer) -> list[str]:
        """Stage again what asked something that has changed; the names of the steps taken."""
        log = Log()
        sitemap = LoggedMap(log, world)
        inputs, api = logged_inputs(log, world, self.language), logged_api(log, world)
        if self._day != (day := str(build_day())):
            changed, self._day = changed | {DAY}, day
        kept: dict[str, Kept] = {}
        done: list[str] = []
        for name, step in list(steps(sitemap, self.language, inputs, api)):
            known = self._kept.get(name)
            if known and known.keys.isdisjoint(changed) and not self._moved(world, known):
                kept[name] = known
                continue
            keys = log.start()
            part = step()
            if name.split(" ", 1)[0] in ("api", "source", "titles"):
                keys.add(ENGINE)
            if part.dated:
                keys.add(DAY)
            asked = [key[1] for key in keys if key[0] == "disk"]
            kept[name] = Kept(part, keys, {path: stamp_of(world.vault.on_disk(path)) for path in asked})
            done.append(name)
        self._kept = kept
        self._formulas(done, renderer)
        self._gather(world)
        return done

    def of_all(self, world: World, graph: Graph) -> Part:
        """What is made of all notes together, as it is now."""
        others = [path for path in self.staged.files if path not in self._of_all.files]
        return of_all(world.sitemap, self.language, graph, others)

    def finish(self, world: World, part: Part) -> None:
        """Take it over."""
        self._of_all = part
        self._gather(world)

    def _moved(self, world: World, known: Kept) -> bool:
        return any(stamp_of(world.vault.on_disk(path)) != stamp for path, stamp in known.disk.items())

    def _formulas(self, done: list[str], renderer: Renderer) -> None:
        """Render the formulas of what was staged now, all at once; then find whose the refused ones are."""
        new: dict[Formula, str] = {}
        for name in done:
            new |= self._kept[name].part.formulas
        if renderer.render(new):
            for name in done:
                self._kept[name].wrong = renderer.render(self._kept[name].part.formulas)

    def _gather(self, world: World) -> None:
        staged = Staged(language=self.language)
        for kept in self._kept.values():
            staged.take(kept.part)
            staged.problems += kept.wrong
        files: dict[str, tuple[Stamp, Part]] = {}
        for path in sorted(staged.attachments):
            stamp = stamp_of(world.vault.on_disk(path))
            known = self._files.get(path)
            same = known is not None and stamp is not None and known[0] == stamp
            files[path] = known if known and same else (stamp, attachment(world.vault, path))
            staged.take(files[path][1])
        self._files = files
        staged.take(self._of_all)
        self.staged = staged
