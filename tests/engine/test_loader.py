"""Guards loading: a good folder gives a model, each kind of bad one a single message with what and where."""

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

from kvist.errors import KvistError
from kvist.models import load_model

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"


def edit_config(folder: Path, **changes: Any) -> None:
    """Set keys of config.json; None removes the key."""
    path = folder / "config.json"
    config = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))


def edit_weights(folder: Path, drop: str = "", **changes: mx.array) -> None:
    """Rewrite model.safetensors without `drop` and with `changes`."""
    weights = dict(mx.load(str(folder / WEIGHTS)))
    mx.eval(weights)
    weights.pop(drop, None)
    mx.save_safetensors(str(folder / WEIGHTS), weights | changes)


def refusal(folder: Path) -> str:
    with pytest.raises(KvistError) as caught:
        load_model(folder)
    return str(caught.value)


def test_good_folder(checkpoint: Path) -> None:
    model, tokenizer = load_model(checkpoint)
    assert (model.vocab_size, model.context_length) == (256, 512)
    assert tokenizer is not None and tokenizer.encode("A") != []
    assert model(mx.array([[1, 2, 3]])).shape == (1, 3, 256)


def test_without_tokenizer(checkpoint: Path) -> None:
    (checkpoint / "tokenizer.json").unlink()
    assert load_model(str(checkpoint))[1] is None


def test_dtype(oracle: Path) -> None:
    folder = oracle / "qwen3-sharded"
    stored, _ = load_model(folder)
    wide, _ = load_model(folder, dtype=mx.float32)
    assert stored.model.norm.weight.dtype == mx.bfloat16
    assert stored(mx.array([[1, 2]])).dtype == mx.bfloat16
    assert wide(mx.array([[1, 2]])).dtype == mx.float32


def test_progress_counts_every_byte(oracle: Path) -> None:
    calls: list[tuple[int, int]] = []
    load_model(oracle / "qwen3-sharded", progress=lambda done, total: calls.append((done, total)))
    total = 2 * (256 * 64 + 64 + 2 * (4 * 64 * 64 + 3 * 64 * 64 + 2 * 64 + 2 * 32))  # bytes of bfloat16
    assert calls[-1] == (total, total)
    assert calls == sorted(calls) and len(calls) == 24


def test_tied_checkpoint_with_a_copy_of_the_output_layer(checkpoint: Path) -> None:
    tokens = mx.array([[1, 2, 3]])
    before = load_model(checkpoint)[0](tokens)
    edit_weights(checkpoint, **{"lm_head.weight": mx.ones((256, 64))})
    assert mx.array_equal(load_model(checkpoint)[0](tokens), before)


def test_no_folder(tmp_path: Path) -> None:
    assert f"[{tmp_path / 'gone'}] need a model folder, got no such folder. hint:" in refusal(
        tmp_path / "gone"
    )
    (tmp_path / "file").touch()
    assert "need a model folder, got a file" in refusal(tmp_path / "file")
    assert "config.json] need a readable file, got no such file" in refusal(tmp_path)


def test_unknown_model_type(checkpoint: Path) -> None:
    edit_config(checkpoint, model_type="mamba")
    message = refusal(checkpoint)
    assert "config.json] need a supported \"model_type\" (qwen3), got 'mamba'" in message


def test_missing_config_keys(checkpoint: Path) -> None:
    good = (checkpoint / "config.json").read_text()
    needed = ["model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "head_dim"]
    needed += ["num_attention_heads", "num_key_value_heads", "rms_norm_eps"]
    for key in needed:
        (checkpoint / "config.json").write_text(good)
        edit_config(checkpoint, **{key: None})
        assert f'[{checkpoint / "config.json"}] need the key "{key}", got no such key' in refusal(checkpoint)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"num_key_value_heads": 3},
            'need "num_key_value_heads" that divides "num_attention_heads" (4), got 3',
        ),
        ({"hidden_size": "64"}, "need \"hidden_size\" of type int, got '64'"),
        ({"num_hidden_layers": 0}, 'need "num_hidden_layers" above zero, got 0'),
        ({"hidden_act": "gelu"}, "need \"hidden_act\" of 'silu', the only one supported, got 'gelu'"),
        ({"attention_bias": True}, 'need "attention_bias" of False, the only one supported, got True'),
        ({"use_sliding_window": True}, 'need "use_sliding_window" of False'),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e6}}, "got 'yarn'"),
    ],
)
def test_settings_that_are_not_built(checkpoint: Path, changes: dict[str, Any], message: str) -> None:
    edit_config(checkpoint, **changes)
    assert message in refusal(checkpoint)


def test_invalid_json_names_the_line(checkpoint: Path) -> None:
    path = checkpoint / "config.json"
    path.write_text(path.read_text().replace('"head_dim": 16,', '"head_dim": 16'))
    line = path.read_text().split("\n").index('  "head_dim": 16') + 2
    assert f"[{path}:{line}] need valid JSON" in refusal(checkpoint)


def test_missing_tensor(checkpoint: Path) -> None:
    edit_weights(checkpoint, drop="model.layers.1.self_attn.q_norm.weight")
    assert "need the tensor model.layers.1.self_attn.q_norm.weight, got no such tensor" in refusal(checkpoint)


def test_untied_model_needs_its_output_layer(checkpoint: Path) -> None:
    edit_config(checkpoint, tie_word_embeddings=False)
    assert "need the tensor lm_head.weight, got no such tensor" in refusal(checkpoint)


def test_unexpected_shape(checkpoint: Path) -> None:
    edit_weights(checkpoint, **{"model.norm.weight": mx.ones((65,))})
    assert f"[{checkpoint / WEIGHTS}: model.norm.weight] need shape (64,), got (65,)" in refusal(checkpoint)


def test_quantized_or_whole_number_weights(checkpoint: Path) -> None:
    edit_weights(checkpoint, **{"model.norm.weight": mx.ones((64,), mx.uint32)})
    assert "model.norm.weight] need a dtype among BF16, F16, F32, got U32" in refusal(checkpoint)


def test_left_over_tensor(checkpoint: Path) -> None:
    edit_weights(checkpoint, **{"model.layers.2.mlp.up_proj.weight": mx.ones((96, 64))})
    message = "need only tensors that the model of config.json has, got model.layers.2.mlp.up_proj.weight"
    assert message in refusal(checkpoint)


def test_truncated_weights(checkpoint: Path) -> None:
    path = checkpoint / WEIGHTS
    path.write_bytes(path.read_bytes()[:-1])
    assert refusal(checkpoint).startswith(f"[{path}: model.norm.weight] need ")


def test_weights_of_another_format(checkpoint: Path) -> None:
    (checkpoint / WEIGHTS).rename(checkpoint / "pytorch_model.bin")
    message = refusal(checkpoint)
    assert f"[{checkpoint}] need model.safetensors or model.safetensors.index.json, got neither" in message
    assert "hint: pytorch_model.bin is not read" in message


def test_broken_tokenizer(checkpoint: Path) -> None:
    (checkpoint / "tokenizer.json").write_text("{}")
    assert "tokenizer.json] need a tokenizer of the tokenizers library" in refusal(checkpoint)
