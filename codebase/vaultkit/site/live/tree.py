"""One language's staged tree in memory: each step's result with the questions it asked."""

from dataclasses import dataclass, field
from functools import partial

from vaultkit.site.body import Body, body_of
from vaultkit.site.clock import build_day
from vaultkit.site.context import Context
from vaultkit.site.draft import Formula
from vaultkit.site.graph import Graph
from vaultkit.site.katex import Renderer
from vaultkit.site.live.kept import Answers, Kept, Now, Stamp
from vaultkit.site.live.log import Key, Log
from vaultkit.site.live.views import LoggedMap, logged_api, logged_inputs
from vaultkit.site.live.world import World
from vaultkit.site.paths import Language
from vaultkit.site.stage import Part, Staged, attachment, of_all, steps
from vaultkit.vault import stamp_of

ENGINE: Key = ("engine",)
DAY: Key = ("day",)


@dataclass
class Tree:
    """`staged` is the whole of it, as `stage` would give it from nothing, but for what is made of all notes
    together: that is as `finish` left it.
    """

    language: Language
    staged: Staged = field(init=False)
    _kept: dict[str, Kept[Part]] = field(default_factory=dict)
    _bodies: dict[str, Kept[Body]] = field(default_factory=dict)  # by the page's key
    _answers: Answers = field(default_factory=Answers)
    _files: dict[str, tuple[Stamp, Part]] = field(default_factory=dict)  # attachments
    _day: str = ""
    _of_all: Part = field(default_factory=Part)

    def update(self, world: World, changed: set[Key], renderer: Renderer) -> list[str]:
        """Stage again what asked something that has changed; the names of the steps taken."""
        log = Log()
        if self._day != (day := str(build_day())):
            changed, self._day = changed | {DAY}, day
        now = Now(world, changed)
        self._answers.let_go(now)
        sitemap = LoggedMap(log, world, partial(self._answers.of, now, log))
        api = logged_api(log, world)
        inputs = logged_inputs(log, world, self.language, partial(self._body, now, log))
        kept: dict[str, Kept[Part]] = {}
        done: list[str] = []
        for name, step in list(steps(sitemap, self.language, inputs, api)):
            known = self._kept.get(name)
            if known and now.holds(known):
                kept[name] = known
                continue
            with log.asked() as keys:
                part = step()
            if name.startswith("note "):  # which notes it has: staging looks them up itself
                keys.add(("pages", name.removeprefix("note ")))
            if name.split(" ", 1)[0] in ("api", "source", "titles"):
                keys.add(ENGINE)
            if part.dated:
                keys.add(DAY)
            kept[name] = Kept(part, keys, now.stamps(keys))
            done.append(name)
        self._kept = kept
        self._bodies = {name: body for name, body in self._bodies.items() if name in world.sitemap.pages}
        self._formulas(done, renderer)
        self._gather(world)
        return done

    def _body(self, now: Now, log: Log, context: Context) -> Body:
        """The text of a note: most changes concern only what stands around it."""
        known = self._bodies.get(context.page.key)
        if known and now.holds(known):
            log.keys |= known.keys
            known.part.tell(context)
            return known.part
        with log.asked() as keys:
            body = body_of(context)
        keys.add(("pages", context.page.key))
        if body.dated:
            keys.add(DAY)
        self._bodies[context.page.key] = Kept(body, keys, now.stamps(keys))
        return body

    def of_all(self, world: World, graph: Graph) -> Part:
        """What is made of all notes together, as it is now."""
        others = [path for path in self.staged.files if path not in self._of_all.files]
        return of_all(world.sitemap, self.language, graph, others)

    def finish(self, world: World, part: Part) -> None:
        """Take it over."""
        self._of_all = part
        self._gather(world)

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
