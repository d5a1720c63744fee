"""Freeze what transformers' DeepSeek attention computes: weights, input and output of one random layer.

Writes tests/engine/oracle/mla/deepseek_v2.safetensors and deepseek_v3.safetensors. Needs torch and
transformers, so run it with the interpreter that scripts/make_oracle.py has set up; tests need neither.

    .cache/kvist/oracle-venv/bin/python scripts/make_mla_oracle.py
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import DeepseekV2Config, DeepseekV2Model, DeepseekV3Config, DeepseekV3Model

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "engine" / "oracle" / "mla"
SIZES = {
    "vocab_size": 64,
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "first_k_dense_replace": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "q_lora_rank": 20,
    "kv_lora_rank": 24,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8,
    "v_head_dim": 12,
    "max_position_embeddings": 64,
}
MODELS = {
    "deepseek_v2": (DeepseekV2Config, DeepseekV2Model),
    "deepseek_v3": (DeepseekV3Config, DeepseekV3Model),
}


@torch.no_grad()
def make_case(name: str) -> None:
    """Run a model of one layer, which makes its own positions and mask, and listen to its attention."""
    config_type, model_type = MODELS[name]
    torch.manual_seed(0)
    model = model_type._from_config(config_type(**SIZES), attn_implementation="eager").eval()
    attention, heard = model.layers[0].self_attn, {}
    for parameter_name, parameter in attention.named_parameters():
        parameter.normal_(1.0 if "norm" in parameter_name else 0.0, 0.2)
        heard[parameter_name] = parameter.detach().clone()

    def listen(_module, _args, options, output) -> None:
        heard["input"], heard["output"] = options["hidden_states"].contiguous(), output[0].contiguous()

    attention.register_forward_hook(listen, with_kwargs=True)
    model(inputs_embeds=torch.randn(2, 9, SIZES["hidden_size"]))
    FOLDER.mkdir(parents=True, exist_ok=True)
    save_file(heard, FOLDER / f"{name}.safetensors")
    print(f"{name}: {sorted(heard)}, output std {heard['output'].std():.2f}")


if __name__ == "__main__":
    for name in MODELS:
        make_case(name)
