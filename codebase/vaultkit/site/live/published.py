"""What is published of one language, and how a newly staged tree is brought to it."""

from collections.abc import Callable, Collection, Mapping

from vaultkit.site.live.half import Half, output_of
from vaultkit.site.paths import Language, Layout
from vaultkit.site.publish import publish_files, remove_empty, write_anew
from vaultkit.site.search.site import TITLES

Files = Mapping[str, bytes]  # staged, by path


class Published:
    """`files` are the staged files that the site was made from; `late` hears the URLs of pages that the
    search does not know as they are now.
    """

    def __init__(
        self, layout: Layout, language: Language, files: Files, late: Callable[[set[str]], None]
    ) -> None:
        self.files = dict(files)
        self._layout, self._late = layout, late
        self._half = Half(layout, language)
        self._stage, self._site = layout.stage(language), layout.published(language)

    def frame_moved(self, wanted: Files) -> bool:
        """True if what every page leads to is another."""
        return self._half.frame(self.files) != self._half.frame(wanted)

    def catch_up(self) -> None:
        """Bring pages that went out at once into the tree that MkDocs and the search read."""
        self._half.catch_up()

    def bring(self, wanted: Files, edited: set[str]) -> tuple[list[str], list[str]]:
        """Render what differs from what is shown, and publish it: first the pages of the notes that were
        `edited`, which their author waits for, then those that only show something of them. With complaints
        about a page nothing else that is rendered is published. The site's files that have changed, and the
        complaints.
        """
        had, half = self.files, self._half
        self.catch_up()
        new = _unlike(wanted.keys(), wanted, had)
        gone = had.keys() - wanted.keys()
        if not new and not gone:
            return [], []
        come = new - had.keys()
        self._write(wanted, come)
        outputs = {output_of(path) for path in gone}
        outputs -= {output_of(path) for path in wanted} if gone else set()
        touched = {output_of(path) for path in new}
        needed = half.needs({*touched, *(output_of(path) for path in gone)})
        for path in gone:
            (self._stage / path).unlink(missing_ok=True)
            remove_empty(self._stage, (self._stage / path).parent)
        for path in outputs:
            (half.folder / path).unlink(missing_ok=True)
            remove_empty(half.folder, (half.folder / path).parent)
        half.look_again(come, gone)
        half.finisher.turn()
        changed = self._bring_edited(wanted, edited & new - come)
        changed += self._splice(wanted, _unlike(new, wanted, had))
        rest = _unlike(new, wanted, had)
        self._write(wanted, rest - come)
        written, complaints = half.render(rest)
        if not complaints:
            if needed - half.needs(touched):
                outputs |= half.unneeded()
            self.files = dict(wanted)
            changed += self._publish(written | outputs)
        self._write(wanted, new - come - rest)
        site = self._layout.site
        return [(self._site / path).relative_to(site).as_posix() for path in changed], complaints

    def _bring_edited(self, wanted: Files, own: set[str]) -> list[str]:
        """Publish the pages of edited notes, if they can be rendered without a complaint before other pages
        are; what has changed. What a page says of others may be older than they are to become, so that a
        complaint is only worth hearing later.
        """
        changed = self._splice(wanted, own)
        own = _unlike(own, wanted, self.files)
        self._write(wanted, own)
        written, complaints = self._half.render(own) if own else (set(), [])
        if complaints:
            return changed
        self.files |= {path: wanted[path] for path in own}
        return changed + self._publish(written)

    def _splice(self, wanted: Files, paths: set[str]) -> list[str]:
        """Publish the pages among these that need not be rendered; what has changed."""
        changed = []
        for path, output, html in self._half.splice({path: wanted[path] for path in paths}, self.files):
            if html is not None:
                self._half.put(output, html)
                changed.append(output)
            self.files[path] = wanted[path]
        self._search_later(changed, changed)
        return sorted(changed)

    def _publish(self, paths: Collection[str]) -> list[str]:
        """Publish outputs; those that have changed."""
        changed = publish_files(self._half.folder, self._site, paths)
        self._search_later(paths, changed)
        return changed

    def _search_later(self, paths: Collection[str], changed: list[str]) -> None:
        """These outputs are published, and those of them that have `changed`."""
        pages = {path.removesuffix("index.html") for path in paths if path.endswith("index.html")}
        if pages or TITLES in changed:
            self._late(pages)

    def _write(self, files: Files, paths: Collection[str]) -> None:
        """Write staged files, which MkDocs reads."""
        for path in paths:
            write_anew(self._stage / path, files[path])


def _unlike(paths: Collection[str], one: Files, other: Files) -> set[str]:
    return {path for path in paths if one.get(path) != other.get(path)}
