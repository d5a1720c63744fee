"""One decode step of another engine at the shape of Qwen3-0.6B, random weights; for bench_cpu_kernels.py.

    python scripts/bench_cpu_peers.py mlx-lm|torch|llama.cpp [--threads 2] [--repeat 9] [--best]

Runs in the environment that has the engine. Prints {"seconds": median of a step} as the last line.
"""

import argparse
import importlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PROMPT = 64
BEST = "--best" in sys.argv
HIDDEN, FEED, LAYERS, HEADS, KV_HEADS, DIM, VOCAB = 1024, 3072, 28, 16, 8, 128, 151936


def median(step: Callable[[], object], repeat: int) -> float:
    step()
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    return (min if BEST else statistics.median)(times)


def mlx_lm(threads: int, repeat: int) -> float:
    """Its default for a 4-bit checkpoint: bfloat16 activations."""
    mx, nn = importlib.import_module("mlx.core"), importlib.import_module("mlx.nn")
    utils, cache_of = importlib.import_module("mlx.utils"), importlib.import_module("mlx_lm.models.cache")
    qwen = importlib.import_module("mlx_lm.models.qwen3")
    arguments = {
        **{
            "model_type": "qwen3",
            "hidden_size": HIDDEN,
            "num_hidden_layers": LAYERS,
            "intermediate_size": FEED,
        },
        **{"num_attention_heads": HEADS, "rms_norm_eps": 1e-6, "vocab_size": VOCAB, "head_dim": DIM},
        **{"num_key_value_heads": KV_HEADS, "max_position_embeddings": 4096, "rope_theta": 1e6},
    }
    model = qwen.Model(qwen.ModelArgs(**arguments, tie_word_embeddings=True))
    model.set_dtype(mx.bfloat16)
    nn.quantize(model, 64, 4)
    # Nothing is computed yet. What stands in the weights makes no difference to the time.
    model.update(utils.tree_map(lambda x: mx.ones(x.shape, x.dtype), model.parameters()))
    cache = cache_of.make_prompt_cache(model)
    mx.eval(model(mx.array([[1, 2]]), cache=cache))
    return median(lambda: mx.eval(model(mx.array([[3]]), cache=cache)), min(repeat, 2))


def torch_f32(threads: int, repeat: int) -> float:
    torch, transformers = importlib.import_module("torch"), importlib.import_module("transformers")
    torch.set_num_threads(threads)
    config = transformers.Qwen3Config(
        **{"hidden_size": HIDDEN, "intermediate_size": FEED, "num_hidden_layers": LAYERS, "head_dim": DIM},
        **{"num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "vocab_size": VOCAB},
        tie_word_embeddings=True,
    )
    with torch.device("meta"):
        model = transformers.Qwen3ForCausalLM(config)
    model = model.to_empty(device="cpu").eval()
    for parameter in model.parameters():
        parameter.data.fill_(0.01)
    for name, buffer in model.named_buffers():
        buffer.data.fill_(0.5 if "freq" in name else 0)
    with torch.inference_mode():
        past = model(torch.arange(PROMPT)[None], use_cache=True).past_key_values
        return median(lambda: model(torch.tensor([[7]]), past_key_values=past, use_cache=True), repeat)


def llama_cpp(threads: int, repeat: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.gguf"
        write_gguf(path)
        llama = importlib.import_module("llama_cpp")
        model = llama.Llama(
            str(path), n_ctx=256, n_threads=threads, n_threads_batch=threads, verbose=False, use_mmap=False
        )
        model.eval(list(range(100, 100 + PROMPT)))

        def step() -> None:
            model.eval([107])
            model.n_tokens -= 1  # the next step overwrites this one's place
            model._ctx.kv_cache_seq_rm(-1, model.n_tokens, -1)

        return median(step, repeat)


def write_gguf(path: Path) -> None:
    """Qwen3-0.6B's shape in Q4_0 with random blocks; the output layer shares the embedding."""
    gguf, np = importlib.import_module("gguf"), importlib.import_module("numpy")
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_context_length(4096)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(DIM)
    writer.add_value_length(DIM)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_vocab_size(VOCAB)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([f"t{i}" for i in range(VOCAB)])
    writer.add_token_types([1] * VOCAB)
    writer.add_token_merges(["t 1"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    rng = np.random.default_rng(0)

    def matrix(name: str, rows: int, columns: int) -> None:
        blocks = rng.integers(0, 256, (rows, columns // 32, 18), dtype=np.uint8)
        blocks[..., :2] = np.array([0.001], np.float16).view(np.uint8)
        writer.add_tensor(
            f"{name}.weight", blocks.reshape(rows, -1), raw_dtype=gguf.GGMLQuantizationType.Q4_0
        )

    def vector(name: str, size: int) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(size, np.float32))

    matrix("token_embd", VOCAB, HIDDEN)
    vector("output_norm", HIDDEN)
    for i in range(LAYERS):
        block = f"blk.{i}"
        for name, size in (
            ("attn_norm", HIDDEN),
            ("ffn_norm", HIDDEN),
            ("attn_q_norm", DIM),
            ("attn_k_norm", DIM),
        ):
            vector(f"{block}.{name}", size)
        matrix(f"{block}.attn_q", HEADS * DIM, HIDDEN)
        matrix(f"{block}.attn_k", KV_HEADS * DIM, HIDDEN)
        matrix(f"{block}.attn_v", KV_HEADS * DIM, HIDDEN)
        matrix(f"{block}.attn_output", HIDDEN, HEADS * DIM)
        matrix(f"{block}.ffn_gate", FEED, HIDDEN)
        matrix(f"{block}.ffn_up", FEED, HIDDEN)
        matrix(f"{block}.ffn_down", HIDDEN, FEED)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


ENGINES = {"mlx-lm": mlx_lm, "torch": torch_f32, "llama.cpp": llama_cpp}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="One decode step of another engine.")
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--best", action="store_true", help="the least of the times, not their median")
    chosen = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": str(chosen.threads), "MLX_DISABLE_COMPILE": "1"}
    print(json.dumps({"seconds": ENGINES[chosen.engine](chosen.threads, chosen.repeat)}))
