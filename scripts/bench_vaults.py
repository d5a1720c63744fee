"""The vaults on which the site is measured: any number of notes, the same ones for the same number."""

import random
import shutil
from itertools import accumulate
from pathlib import Path

from vaultkit.site.paths import Layout

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (("concepts", 0.6), ("papers", 0.3), ("comparisons", 0.1))
ENGLISH = """
the of a and to in is for that cache token model attention key value layer head query batch memory
block page prefill decode latency throughput kernel matrix weight gradient loss step sample prompt
engine queue request server schedule radix tree prefix hash quantize scale group expert router gate
norm residual rope position window sink context length stream speculative draft verify accept reject
beam search probability
"""
CHINESE = """
的 是 在 和 了 缓存 词元 模型 注意力 键 值 层 头 查询 批 内存 块 页 预填充 解码 延迟 吞吐
核 矩阵 权重 梯度 损失 步 采样 提示 引擎 队列 请求 服务 调度 基数 树 前缀 散列 量化 尺度 组
专家 路由 门 归一 残差 位置 窗口 上下文 长度 流 投机 草稿 验证 接受 拒绝 束 搜索 概率
"""
EN, ZH = ENGLISH.split(), CHINESE.split()
EN += [first + second for first in EN[3:] for second in EN[8:]]  # some 2,500 words, and as many in Chinese
ZH += [first + second for first in ZH[5:] for second in ZH[5:]]
ZIPF = list(accumulate(1 / (rank + 1) for rank in range(len(EN) + len(ZH))))
CODE = """\
import math

def attention_{n}(query, keys, values):
    \"\"\"Softmax of scaled scores, times values.\"\"\"
    scale = 1 / math.sqrt(len(query))
    scores = [scale * sum(q * k for q, k in zip(query, key)) for key in keys]
    top = max(scores)
    weights = [math.exp(score - top) for score in scores]
    total = sum(weights)
    return [sum(w * v[i] for w, v in zip(weights, values)) / total for i in range({width})]

assert attention_{n}([1.0], [[1.0]], [[{n}.0] * {width}]) == [{n}.0] * {width}
"""
YARDSTICK = """\
site_name: Yardstick
docs_dir: vault
site_dir: plain
nav: [index.md]
exclude_docs: Home*.md
theme: {name: material, font: false}
plugins: [search]
validation: {omitted_files: ignore, links: {not_found: ignore, unrecognized_links: ignore}}
"""


def make_project(folder: Path, notes: int) -> Layout:
    """Write the project; the same one for the same number."""
    chance = random.Random(notes)
    names = [f"Note {n:04} {EN[n % 57]}" for n in range(notes)]
    places = [name for name, share in FOLDERS for _ in range(round(share * notes))]
    for n, name in enumerate(names):
        place = folder / "vault" / places[min(n, len(places) - 1)]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{name}.md").write_text(note(chance, names, n, "en"), "utf-8")
        (place / f"{name}.zh.md").write_text(note(chance, names, n, "zh"), "utf-8")
    for name, text in {"Home.md": "# Home\n", "Home.zh.md": "---\ntitle: 首页\n---\n# 首页\n"}.items():
        (folder / "vault" / name).write_text(text + f"\n[[{names[0]}]]\n", "utf-8")
    (folder / "vault" / "index.md").unlink(missing_ok=True)
    for name in ("mkdocs.yml", "mkdocs.zh.yml", "pyproject.toml"):
        shutil.copyfile(ROOT / name, folder / name)
    (folder / "codebase").mkdir()
    for name in ("codebase/vaultkit", "node_modules"):
        (folder / name).symlink_to(ROOT / name)
    extensions = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nmarkdown_extensions:")[2]
    text = YARDSTICK.replace("docs_dir: vault", "docs_dir: docs")
    (folder / "plain.yml").write_text(f"{text}markdown_extensions:{extensions}", "utf-8")
    shutil.copytree(folder / "vault", folder / "docs")
    (folder / "docs" / "index.md").write_text("# Home\n", "utf-8")
    return Layout(folder)


def note(chance: random.Random, names: list[str], n: int, language: str) -> str:
    """One note; words fall off in frequency as in a language (the k-th of them about 1/k as often)."""
    words, join, count = (EN, " ", 400) if language == "en" else (ZH, "", 260)
    text = [chance.choices(words, cum_weights=ZIPF[: len(words)], k=count // 8) for _ in range(8)]
    other = random.Random(n)  # both languages link the same notes
    heads = ["Overview", "Details", "Pitfalls"] if language == "en" else ["概览", "细节", "陷阱"]
    for number, part in enumerate(text):
        link = names[int(len(names) * other.random() ** 2)]
        shape = number % 4
        target = f"[[{link}]]" if shape < 2 else f"[[{link}|{words[5 + number]}]]"
        target = f"[[{link}#Details]]" if shape == 3 and language == "en" else target
        part.insert(len(part) // 2, target)
    text[2].insert(5, f"$x_{{{n}}} + {n}$")
    text[5].insert(5, f"$\\alpha^{{{n}}}$")
    prose = [join.join(part) + ("." if language == "en" else "。") for part in text]
    if language == "en":
        front = f"aliases: [别名 {n}, alias {n}]\ntags: [inference]\ncreated: 2026-11-22\nstatus: written\n"
    else:
        front = f"title: 笔记 {n}\nlang: zh\n"
    parts = [f"---\n{front}---\n# {names[n] if language == 'en' else f'笔记 {n}'}\n"]
    parts += [f"> [!note] {words[6]}\n> {prose[0]}\n", f"## {heads[0]}\n", *prose[1:4]]
    parts += [
        f"\n## {heads[1]}\n",
        *prose[4:6],
        f"$$\\sum_{{i=0}}^{{{n}}} \\frac{{x_i}}{{\\sqrt{{{n + 1}}}}}$$\n",
    ]
    parts += [f"```python\n{CODE.format(n=n, width=1 + n % 7)}```\n", f"## {heads[2]}\n", *prose[6:]]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"
