"""Guards quantized models: a packed checkpoint loads and gives its dequantized twin's logits; errors."""

import json
import shutil
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_flatten

from kvist.cli import main
from kvist.errors import KvistError
from kvist.models import load_model
from kvist.ops import QuantizedWeight, dequantize
from kvist.quant import Quantization, quantize_model, round_activations

TOKENS = mx.array([[3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1, 8, 2, 8, 1, 8]])
WEIGHTS = "model.safetensors"


def pack(folder: Path, bits: int, group_size: int, dtype: mx.Dtype = mx.float32, **layers: object) -> dict:
    """Turn the checkpoint into a quantized one in place; returns it dequantized, by name."""
    plain = {name: x.astype(dtype) for name, x in dict(mx.load(str(folder / WEIGHTS))).items()}
    packed, explicit = {}, {}
    for name, x in plain.items():
        layer = name.removesuffix(".weight")
        settings = layers.get(layer, {"bits": bits, "group_size": group_size})
        explicit[name] = x
        packed[name] = x
        if x.ndim == 2 and settings:
            q, s, b = mx.quantize(x, **settings)
            packed |= {name: q, f"{layer}.scales": s, f"{layer}.biases": b}
            explicit[name] = dequantize(QuantizedWeight(q, s, b, settings["group_size"], settings["bits"]))
    mx.eval(packed, explicit)
    mx.save_safetensors(str(folder / WEIGHTS), packed)
    config = json.loads((folder / "config.json").read_text())
    config["quantization"] = {"group_size": group_size, "bits": bits, "mode": "affine", **layers}
    (folder / "config.json").write_text(json.dumps(config | {"quantization_config": config["quantization"]}))
    return explicit


def dequantized_logits(plain_folder: Path, explicit: dict) -> np.ndarray:
    model, _ = load_model(plain_folder, dtype=mx.float32)
    model.load_weights([(name, x.astype(mx.float32)) for name, x in explicit.items()])
    return np.array(model(TOKENS))


def off_by(logits: mx.array, want: np.ndarray) -> float:
    return float(np.abs(np.array(logits) - want).max() / want.std())


@pytest.mark.parametrize("case", ["qwen3-tied", "qwen3-untied-rope-theta"])
@pytest.mark.parametrize(("bits", "group"), [(4, 32), (8, 32), (2, 32)])
def test_logits_are_those_of_the_dequantized_model(oracle, tmp_path, case, bits, group):
    folder = shutil.copytree(oracle / case, tmp_path / "model")
    want = dequantized_logits(oracle / case, pack(folder, bits, group, mx.bfloat16))
    model, _ = load_model(folder, dtype=mx.float32)
    assert model(TOKENS).dtype == mx.float32
    names = [name for name, _ in tree_flatten(model.parameters())]
    assert "model.layers.0.self_attn.q_proj.scales" in names
    assert model.model.layers[0].self_attn.q_proj.scales.dtype == mx.bfloat16  # read as they are stored
    assert off_by(model(TOKENS), want) < 2e-5
    cache = model.make_cache()
    chunks = [model(TOKENS[:, i : i + n], cache) for i, n in ((0, 3), (3, 1), (4, 3), (7, 1))]
    assert off_by(mx.concatenate(chunks, axis=1), want) < 2e-5


def test_activations_of_16_bits(oracle, tmp_path):
    folder = shutil.copytree(oracle / "qwen3-tied", tmp_path / "model")
    want = dequantized_logits(oracle / "qwen3-tied", pack(folder, 4, 32, mx.bfloat16))
    model, _ = load_model(folder)
    assert model(TOKENS).dtype == mx.bfloat16
    assert off_by(model(TOKENS).astype(mx.float32), want) < 0.15


def test_layers_may_differ(oracle, tmp_path):
    folder = shutil.copytree(oracle / "qwen3-tied", tmp_path / "model")
    layers = {
        "model.layers.0.mlp.down_proj": {"bits": 8, "group_size": 32},
        "model.layers.1.self_attn.o_proj": False,
        "model.embed_tokens": {"bits": 6, "group_size": 32},
    }
    want = dequantized_logits(oracle / "qwen3-tied", pack(folder, 4, 32, **layers))
    model, _ = load_model(folder, dtype=mx.float32)
    assert model.model.layers[0].mlp.down_proj.bits == 8
    assert "scales" not in model.model.layers[1].self_attn.o_proj
    assert off_by(model(TOKENS), want) < 2e-5


def test_quantizing_on_load_equals_a_quantized_checkpoint(oracle, tmp_path):
    folder = shutil.copytree(oracle / "qwen3-tied", tmp_path / "model")
    pack(folder, 4, 32)
    stored, _ = load_model(folder)
    loaded, _ = load_model(oracle / "qwen3-tied", quantize=Quantization(4, 32))
    assert mx.array_equal(stored(TOKENS), loaded(TOKENS)).item()
    with pytest.raises(KvistError, match="need a model that is not quantized, got one that is"):
        quantize_model(loaded, Quantization())
    with pytest.raises(KvistError, match="need a checkpoint that is not quantized, got one of 4 bits"):
        load_model(folder, quantize=Quantization())
    with pytest.raises(
        KvistError, match="need a layer whose width is a multiple of group_size 128, got none"
    ):
        load_model(oracle / "qwen3-sharded", quantize=Quantization(4, 128))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bits": 4}, '"group_size", a whole number, got None'),
        ({"bits": 7, "group_size": 64}, "need bits among 2, 3, 4, 5, 6, 8, got 7"),
        ({"bits": 4, "group_size": 48}, "need group_size among 32, 64, 128, got 48"),
        ({"bits": 4, "group_size": 32, "mode": "mxfp4"}, "MLX's affine quantization"),
        ({"quant_method": "gptq", "bits": 4, "group_size": 64}, "MLX's affine quantization"),
        ({"bits": 4, "group_size": 64}, "that is a multiple of group_size 64, got 96"),
        ({"bits": 8, "group_size": 32}, "need shape"),
    ],
)
def test_bad_settings_are_refused(checkpoint, settings, message):
    pack(checkpoint, 4, 32)
    config = json.loads((checkpoint / "config.json").read_text())
    config["quantization"] = settings
    (checkpoint / "config.json").write_text(json.dumps(config))
    with pytest.raises(KvistError) as caught:
        load_model(checkpoint)
    assert message in str(caught.value)


def test_a_packed_weight_must_be_packed(checkpoint):
    pack(checkpoint, 4, 32)
    weights = dict(mx.load(str(checkpoint / WEIGHTS)))
    name = "model.layers.0.mlp.up_proj.weight"
    mx.eval(weights)
    mx.save_safetensors(str(checkpoint / WEIGHTS), weights | {name: weights[name].astype(mx.float32)})
    with pytest.raises(KvistError, match=r"up_proj.weight\] need a dtype among U32, got F32"):
        load_model(checkpoint)


def test_command_line(checkpoint, capsys):
    assert main(["generate", "--model", str(checkpoint), "--quantize", "8", "--max-tokens", "3", "ab"]) == 0
    assert "decode: 3 tokens" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["generate", "--quantize", "5", "ab"])
    assert "invalid choice" in capsys.readouterr().err


def test_activations_are_rounded_where_weights_are_packed(oracle, capsys):
    model, _ = load_model(oracle / "qwen3-tied")
    with pytest.raises(KvistError, match="need a model with packed weights, got none"):
        round_activations(model, "int8")
    count = quantize_model(model, Quantization(8, 32))
    exact = np.array(model(TOKENS))
    assert round_activations(model, "int8") == count
    error = np.abs(np.array(model(TOKENS)) - exact).max() / np.abs(exact).max()
    assert 0 < error < 0.05
    assert round_activations(model, None) == count
    assert np.array_equal(np.array(model(TOKENS)), exact)
    with pytest.raises(KvistError, match='need activations None, "int8" or "int16"'):
        round_activations(model, "int4")
    assert main(["generate", "--quantize", "4", "--activations", "int8", "--max-tokens", "3", "the"]) == 0
    assert main(["generate", "--activations", "int8", "--max-tokens", "3", "the"]) == 2
    assert "quantize it first" in capsys.readouterr().err
