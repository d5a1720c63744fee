"""Guards the check of web addresses, against a server of its own: no other host is ever asked."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from vaultkit.cli import main
from vaultkit.online import survey
from vaultkit.online.addresses import addresses
from vaultkit.online.probe import Answer
from vaultkit.online.survey import load
from vaultkit.vault import Vault


class Handler(BaseHTTPRequestHandler):
    asked: list[str]

    def do_HEAD(self) -> None:
        type(self).asked.append(f"{self.command} {self.path}")
        code = {"/ok": 200, "/%E4%B8%AD": 200, "/gone": 410, "/robots": 403, "/moved": 301}.get(
            self.path, 404
        )
        if self.path == "/get-only":
            code = 200 if self.command == "GET" else 405
        if self.path == "/cut":
            self.connection.close()
            return
        self.send_response(code)
        if code == 301:
            self.send_header("Location", "/ok")
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[str]:
    Handler.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def ask(root, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, dict]]:
    code = main(["links", str(root), "--online", "--json", "--pause", "0", *more])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, {row["url"]: row for row in rows}


def test_what_answers_and_what_does_not(make_vault, host: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("ok", "moved", "robots", "gone", "get-only", "cut", "中")
    note = "\n".join(f"- [x]({host}/{name}#part)" for name in names) + f"\n\n{host}/ok again\n"
    root = make_vault({"a/N.md": note})
    code, rows = ask(root, capsys)
    states = {url.removeprefix(host): row["state"] for url, row in rows.items()}
    assert states == {
        "/ok": "ok", "/moved": "moved", "/robots": "refused", "/gone": "dead", "/get-only": "ok",
        "/cut": "dead", "/中": "ok",
    }  # fmt: skip
    assert code == 1
    assert rows[f"{host}/ok"]["places"] == ["a/N.md:1", "a/N.md:9"]
    assert rows[f"{host}/moved"]["message"] == f"{host}/ok"
    assert rows[f"{host}/gone"]["status"] == 410


def test_answers_are_kept_but_dead_ones_are_asked_again(make_vault, host: str, capsys) -> None:
    root = make_vault({"N.md": f"[a]({host}/ok) [b]({host}/gone)\n"})
    ask(root, capsys)
    Handler.asked.clear()
    assert ask(root, capsys)[0] == 1
    assert {line.split()[1] for line in Handler.asked} == {"/gone"}
    (file,) = root.parent.rglob("links-online.json")
    kept = load(file)
    kept[f"{host}/ok"]["when"] = "2020-01-01"
    file.write_text(json.dumps(kept), "utf-8")
    Handler.asked.clear()
    ask(root, capsys)
    assert "HEAD /ok" in Handler.asked
    file.write_text("damaged", "utf-8")
    assert ask(root, capsys)[0] == 1


def test_a_server_that_is_not_there(make_vault, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_vault({"N.md": "[a](http://127.0.0.1:9/x) [b](http://[bad) and <http://127.0.0.1:9/y>\n"})
    code, rows = ask(root, capsys)
    assert code == 1 and {row["state"] for row in rows.values()} == {"dead"} and len(rows) == 2


def test_without_a_network_nothing_is_called_dead(
    make_vault, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    asked = []

    def probe(url: str) -> Answer:
        asked.append(url)
        return Answer("dead", 0, "Name or service not known", unnamed=True)

    monkeypatch.setattr(survey, "probe", probe)
    links = "\n\n".join(f"https://host{n}.example/{m}" for n in range(40) for m in range(3))
    root = make_vault({"N.md": links})
    assert main(["links", str(root), "--online", "--pause", "0"]) == 1
    said = capsys.readouterr()
    assert "no-network" in said.err and "dead" not in said.out and len(asked) < 20
    assert list(root.parent.rglob("links-online.json")) == []


def test_which_addresses(make_vault) -> None:
    note = (
        "---\nsource: https://p.org/front\n---\n"
        "[t](https://a.org/a_(b)#x 'title') and <https://b.org/c> and https://c.org/d_(e).\n"
        "见 https://d.org/中文。 [[https://no.org]] `https://code.org` <!-- https://comment.org -->\n"
        "```\nhttps://fence.org\n```\n[m](mailto:a@b.c) ftp://f.org [loc](Note.md)\n"
    )
    found = addresses(Vault.load(make_vault({"N.md": note})))
    assert [(address.url, address.line) for address in found] == [
        ("https://p.org/front", 2), ("https://a.org/a_(b)", 4), ("https://c.org/d_(e)", 4),
        ("https://b.org/c", 4), ("https://d.org/中文", 5),
    ]  # fmt: skip
