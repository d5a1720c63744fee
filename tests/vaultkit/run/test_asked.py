"""Guards the cache where a note asks about files without reading them: modes, times, links, entries."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,  # processes
    pytest.mark.skipif(sys.platform != "linux", reason="open folders tell their place on Linux only"),
]

CODE = Path(__file__).resolve().parents[3] / "codebase"

# Each note has a folder D of its own, with the file `file` in it and the link `link` to it.
ASKS = {
    "mode": "os.stat(D + '/file').st_mode",
    "mode by pathlib": "pathlib.Path(D, 'file').stat().st_mode",
    "owner": "pathlib.Path(D, 'file').owner()",
    "time": "os.path.getmtime(D + '/file')",
    "permission": "os.access(D + '/file', os.X_OK)",
    "entries": "[entry.stat().st_mtime for entry in os.scandir(D)]",
    "open folder": "os.stat('file', dir_fd=os.open(D, os.O_RDONLY)).st_mode",
    "same file": "os.path.samefile(D + '/file', D + '/link')",
}
LINKS = {
    "link": "os.readlink(D + '/link')",
    "whether a link": "os.path.islink(D + '/link')",
    "real path": "os.path.realpath(D + '/link')",
    "resolved": "pathlib.Path(D, 'link').resolve()",
    "status of a link": "os.stat(D + '/link', follow_symlinks=False).st_mtime",
}
KINDS = {
    "walk": "list(os.walk(D))",
    "whether a folder": "os.path.isdir(D + '/later')",
    "whether anything": "os.path.lexists(D + '/later')",
    "glob": "list(pathlib.Path(D).rglob('*'))",
}
PATIENT = {  # what is asked here has not changed
    "read": "open(D + '/file').read()",
    "exists": "os.path.exists(D + '/file'), pathlib.Path(D, 'file').is_file()",
    "names": "os.listdir(D), list(os.walk(D)), list(pathlib.Path(D).glob('*'))",
    "permission of a folder": "os.access(D, os.W_OK)",
    "size": "os.path.getsize(D + '/file')",
}
ENVIRON = {"how many variables": "len(os.environ)"}
ALL = ASKS | LINKS | KINDS | PATIENT | ENVIRON


class World:
    def __init__(self, root: Path) -> None:
        self.root = root
        for name, code in ALL.items():
            folder = self.folder(name)
            folder.mkdir(parents=True)
            (folder / "file").write_text("1")
            (folder / "link").symlink_to("file")
            note = root / "notes" / f"{name}.md"
            note.parent.mkdir(exist_ok=True)
            note.write_text(f"```python\nimport os, pathlib\nD = {str(folder)!r}\nx = {code}\n```\n")

    def folder(self, name: str) -> Path:
        return self.root / "data" / name

    def ran(self, *flags: str, **environ: str) -> dict[str, str]:
        env = {**os.environ, "PYTHONPATH": str(CODE), "XDG_CACHE_HOME": str(self.root / "cache"), **environ}
        command = [sys.executable, *flags, "-m", "vaultkit.cli", "run", "--json", "notes"]
        done = subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(rows) == len(ALL) and all(row["ok"] for row in rows), done
        return {row["path"].removesuffix(".md"): row["why"] for row in rows if not row["reused"]}


def test_what_is_asked_and_has_changed_runs_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert set(world.ran()) == set(ALL)
    assert world.ran() == {}
    for name in [*ASKS, *PATIENT]:
        file = world.folder(name) / "file"
        file.chmod(0o711) if name not in PATIENT else None
        os.utime(file, (1, 1))
    for name in LINKS:
        folder = world.folder(name)
        (folder / "link").unlink()
        (folder / "link").symlink_to("./file")
    for name in KINDS:
        (world.folder(name) / "later").mkdir()
    ran = world.ran(ANOTHER_VARIABLE="1")
    same = {"same file": "", "real path": "", "resolved": ""}  # asked for more than has changed: that may run
    assert set(ran) - set(same) == set(ASKS | LINKS | KINDS | ENVIRON) - set(same)
    assert ran["mode"] == "the mode, the owner or the times of data/mode/file changed"
    assert ran["link"] == "the symbolic link data/link/link changed"
    assert world.ran(ANOTHER_VARIABLE="1") == {}

    walked = world.folder("walk") / "file"
    walked.unlink()
    walked.mkdir()
    assert world.ran(ANOTHER_VARIABLE="1") == {"walk": "the names in data/walk/ changed"}


def test_options_of_python_are_part_of_the_verdict(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.ran()
    for flags in (("-X", "dev"), ("-W", "error::FutureWarning"), ("-X", "importtime")):
        assert len(world.ran(*flags)) == (0 if "importtime" in flags else len(ALL)), flags
        world.ran()


@pytest.mark.parametrize("code", ["import shutil\nshutil.disk_usage('/')", "import os\nos.getloadavg()"])
def test_what_the_machine_is_doing_is_never_reused(tmp_path: Path, code: str) -> None:
    (tmp_path / "A.md").write_text(f"```python\n{code}\n```\n")
    env = {**os.environ, "PYTHONPATH": str(CODE), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "vaultkit.cli", "run", "--why", "A.md"]
    outs = [
        subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True).stdout for _ in "12"
    ]
    assert "run because it cannot be cached: asks how busy or how full the machine is" in outs[1]
