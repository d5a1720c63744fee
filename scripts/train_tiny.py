"""Train the small checkpoint that kvist carries: `.venv/bin/python scripts/train_tiny.py`.

From kvist/assets/tiny_corpus, text written for this purpose, to kvist/assets/tiny in one go: byte-level
BPE, a Qwen3-shaped model, a Hugging Face folder, and a README with what was measured.
"""

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("MLX_DISABLE_COMPILE", "1")  # compiling kernels takes longer than they save
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: threads would wait for each other

from kvist.decode import SamplingParams, generate
from kvist.models import load_model
from kvist.text import train_bpe
from kvist.train import TrainReport, held_out_loss, save_checkpoint, token_stream, train, unigram_loss
from kvist.train.tiny import END_OF_TEXT, SETTINGS, VOCAB_SIZE, tiny_corpus, tiny_model, tiny_readme

ROOT = Path(__file__).resolve().parent.parent
PROMPTS = ("The KV cache", "KV 缓存", "The scheduler", "前缀缓存")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "codebase" / "kvist" / "assets" / "tiny")
    parser.add_argument("--steps", type=int, default=SETTINGS.steps)
    options = parser.parse_args()
    settings = replace(SETTINGS, steps=options.steps)

    started = time.perf_counter()
    corpus = tiny_corpus()
    # from prose alone: in texts of one pattern whole clauses recur and would become single tokens
    tokenizer = train_bpe(END_OF_TEXT.join(corpus.prose), VOCAB_SIZE, [END_OF_TEXT])
    end = tokenizer.token_id(END_OF_TEXT)
    tokens, prose, held_out = (
        token_stream(documents, tokenizer.encode, end)
        for documents in (corpus.training, corpus.prose, corpus.held_out)
    )
    print(f"vocabulary {tokenizer.vocab_size}, {len(tokens)} tokens to train on, {len(held_out)} held out")

    def report(now: TrainReport) -> None:
        losses = f"loss {now.train_loss:.3f}  held out {now.held_out_loss:.3f}"
        print(f"step {now.step:4d}  {losses}  {time.perf_counter() - started:.0f} s", flush=True)

    model = tiny_model()
    train(model, tokens, settings, held_out=held_out, report=report)
    seconds = time.perf_counter() - started
    save_checkpoint(model, tokenizer, options.out, end_of_text=END_OF_TEXT)

    model, loaded = load_model(options.out)
    losses = {
        "Held-out prose, token frequencies alone": unigram_loss(tokens, held_out, VOCAB_SIZE),
        "Held-out prose, this model": held_out_loss(model, held_out, settings.length),
        "Prose it was trained on, this model": held_out_loss(model, prose, settings.length),
    }
    samples = [
        prompt + generate(model, loaded, prompt, SamplingParams(max_tokens=80)).text for prompt in PROMPTS
    ]
    readme = tiny_readme(model, corpus, settings, losses, samples, seconds)
    (options.out / "README.md").write_text(readme, encoding="utf-8")
    print(readme)


if __name__ == "__main__":
    main()
