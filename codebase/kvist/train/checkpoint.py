"""Write a trained Qwen3-shaped model as a Hugging Face folder, which `kvist.models.load_model` reads back."""

import json
from pathlib import Path

import mlx.core as mx
from mlx.utils import tree_flatten

from kvist.models import Qwen3
from kvist.text.bpe import BytePairEncoding


def save_checkpoint(
    model: Qwen3, tokenizer: BytePairEncoding, folder: str | Path, *, end_of_text: str
) -> None:
    """Write config.json, generation_config.json, model.safetensors and the tokenizer's two files."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    end = tokenizer.token_id(end_of_text)
    weights = dict(tree_flatten(model.parameters()))
    mx.save_safetensors(str(folder / "model.safetensors"), weights, metadata={"format": "mlx"})
    tokenizer.write_tokenizer_json(folder / "tokenizer.json")
    _write_json(folder / "config.json", _config(model, end))
    _write_json(folder / "generation_config.json", {"do_sample": False, "eos_token_id": end})
    limit = model.config.max_position_embeddings
    kind = "PreTrainedTokenizerFast"
    settings = {"tokenizer_class": kind, "eos_token": end_of_text, "model_max_length": limit}
    _write_json(folder / "tokenizer_config.json", settings)


def _config(model: Qwen3, end_of_text: int) -> dict:
    config = model.config
    dtype = str(model.model.norm.weight.dtype).removeprefix("mlx.core.")
    return {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.num_hidden_layers,
        "num_attention_heads": config.num_attention_heads,
        "num_key_value_heads": config.num_key_value_heads,
        "head_dim": config.head_dim,
        "hidden_act": "silu",
        "attention_bias": False,
        "max_position_embeddings": config.max_position_embeddings,
        "rms_norm_eps": config.rms_norm_eps,
        "rope_theta": config.rope_theta,
        "tie_word_embeddings": config.tie_word_embeddings,
        "eos_token_id": end_of_text,
        "torch_dtype": dtype,
    }


def _write_json(path: Path, values: dict) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
