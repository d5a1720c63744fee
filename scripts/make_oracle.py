"""Freeze the truth: tiny random checkpoints and the logits that transformers computes from them.

Writes tests/engine/oracle/: one Hugging Face folder per case, with `tokens.npy` and `logits.npy` beside the
weights. Runs torch and transformers in a virtual environment of its own (`--venv`, made on the first run);
tests need neither. The logits come from the *written* folder, read back by transformers in float32, so that
config.json is part of what is checked.

    python scripts/make_oracle.py
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ORACLE = ROOT / "tests" / "engine" / "oracle"
PACKAGES = ["torch==2.13.0", "transformers==5.23.0"]
INSIDE = "KVIST_ORACLE_INSIDE"

SIZES = {"vocab_size": 256, "hidden_size": 64, "num_hidden_layers": 2, "max_position_embeddings": 512}


class Case(NamedTuple):
    """One checkpoint."""

    intermediate_size: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    rope_theta: float
    tied: bool
    old_rope_keys: bool = False
    max_shard_size: str = "5GB"
    bfloat16: bool = False


CASES = {
    # As transformers 5 writes it: rope_parameters; tied embeddings in one file.
    "qwen3-tied": Case(96, 4, 2, 16, rope_theta=1e6, tied=True),
    # As transformers 4 wrote it: rope_theta; and head_dim is not hidden_size / num_attention_heads.
    "qwen3-untied-rope-theta": Case(64, 4, 1, 24, rope_theta=1e4, tied=False, old_rope_keys=True),
    # Several shards, bfloat16 on disk.
    "qwen3-sharded": Case(64, 2, 2, 32, rope_theta=5e2, tied=True, max_shard_size="80KB", bfloat16=True),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--venv", type=Path, default=ROOT / ".cache" / "kvist" / "oracle-venv")
    venv: Path = parser.parse_args().venv
    if os.environ.get(INSIDE):
        for number, (name, case) in enumerate(CASES.items()):
            make_case(ORACLE / name, case, seed=number)
        return
    python = venv / "bin" / "python"
    if not (venv / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (venv / "installed").write_text("\n".join(PACKAGES))
    sys.exit(subprocess.run([str(python), __file__], env=os.environ | {INSIDE: "1"}).returncode)


def make_case(folder: Path, case: Case, seed: int) -> None:
    """Write one checkpoint with random weights, then the logits that transformers gets from it."""
    # Only the virtual environment of this script has these.
    import numpy as np  # noqa: PLC0415
    import torch  # noqa: PLC0415
    from transformers import AutoModelForCausalLM, Qwen3Config, Qwen3ForCausalLM  # noqa: PLC0415

    torch.manual_seed(seed)
    shutil.rmtree(folder, ignore_errors=True)
    config = Qwen3Config(
        **SIZES,
        intermediate_size=case.intermediate_size,
        num_attention_heads=case.num_heads,
        num_key_value_heads=case.num_kv_heads,
        head_dim=case.head_dim,
        tie_word_embeddings=case.tied,
        rope_parameters={"rope_type": "default", "rope_theta": case.rope_theta},
    )
    model = Qwen3ForCausalLM(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Norm weights are spread around one, so that a forgotten one shows.
            parameter.normal_(1.0 if "norm" in name else 0.0, 0.2 if "norm" in name else 0.1)
    model = model.to(torch.bfloat16) if case.bfloat16 else model
    model.save_pretrained(folder, max_shard_size=case.max_shard_size)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if case.old_rope_keys:
        use_old_rope_keys(folder / "config.json")

    tokens = torch.randint(0, SIZES["vocab_size"], (2, 24))
    judge = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    with torch.no_grad():
        logits = judge(tokens).logits
    for path in folder.iterdir():
        path.chmod(0o644)
    np.save(folder / "tokens.npy", tokens.numpy().astype(np.int32))
    np.save(folder / "logits.npy", logits.numpy())
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{folder.relative_to(ROOT)}: {size / 1000:.0f} kB, logits std {logits.std():.2f}")


def use_old_rope_keys(path: Path) -> None:
    """Rewrite config.json to the keys of transformers 4."""
    config = json.loads(path.read_text())
    config["rope_theta"] = config.pop("rope_parameters")["rope_theta"]
    config["rope_scaling"] = None
    config["transformers_version"] = "4.57.0"
    path.write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
