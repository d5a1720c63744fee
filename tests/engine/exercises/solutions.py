"""A solution of each exercise, and one edit that makes it wrong: (text, what stands there, what to write)."""

HEAD = "import json\nimport math\n\nimport mlx.core as mx\nimport numpy as np\n"

SOLUTIONS: dict[str, tuple[str, str, str]] = {
    "attention": (
        """
def attention(q, k, v, causal):
    s = q @ k.swapaxes(-1, -2) / q.shape[-1] ** 0.5
    if causal:
        n = q.shape[2]
        s = mx.where(mx.arange(n)[None, :] <= mx.arange(n)[:, None], s, -1e9)
    return mx.softmax(s, axis=-1) @ v
""",
        "<=",
        "<",
    ),
    "batching_steps": (
        """
def static_steps(lengths, batch_size):
    return sum(max(lengths[i : i + batch_size]) for i in range(0, len(lengths), batch_size))


def continuous_steps(lengths, batch_size):
    ends = [0] * batch_size
    for length in lengths:
        place = ends.index(min(ends))
        ends[place] += length
    return max(ends)
""",
        "return max(ends)",
        "return sum(ends)",
    ),
    "chunked_prefill": (
        """
def chunks(prompt, num_decoding, budget):
    room = budget - num_decoding
    return [(start, min(room, prompt - start)) for start in range(0, prompt, room)]
""",
        "min(room, prompt - start)",
        "room",
    ),
    "flash_attention": (
        """
def flash_row(q, k, v, block):
    m, total, out = -1e30, 0.0, mx.zeros(v.shape[1])
    for start in range(0, k.shape[0], block):
        s = k[start : start + block] @ q / len(q) ** 0.5
        new = max(m, s.max().item())
        p = mx.exp(s - new)
        shrink = math.exp(m - new)
        total, out = total * shrink + p.sum(), out * shrink + p @ v[start : start + block]
        m = new
    return out / total
""",
        "out * shrink",
        "out",
    ),
    "greedy": (
        """
def generate(model, prompt, num_tokens):
    tokens = list(prompt)
    for _ in range(num_tokens):
        tokens.append(int(mx.argmax(model(mx.array([tokens]))[0, -1])))
    return tokens[len(prompt):]
""",
        "list(prompt)",
        "prompt",
    ),
    "grouped_query_attention": (
        """
def grouped_attention(q, k, v):
    n = q.shape[1] // k.shape[1]
    k, v = mx.repeat(k, n, axis=1), mx.repeat(v, n, axis=1)
    return mx.softmax(q @ k.swapaxes(-1, -2) / q.shape[-1] ** 0.5, axis=-1) @ v
""",
        "mx.repeat(k, n, axis=1), mx.repeat(v, n, axis=1)",
        "mx.tile(k, (1, n, 1, 1)), mx.tile(v, (1, n, 1, 1))",
    ),
    "kv_cache": (
        """
class Cache:
    def __init__(self):
        self.offset, self.k, self.v = 0, None, None

    def update(self, k, v):
        if self.k is not None:
            k, v = (
                mx.concatenate([old[:, :, : self.offset], new], axis=2)
                for old, new in ((self.k, k), (self.v, v))
            )
        self.k, self.v = k, v
        self.offset = k.shape[2]
        return self.k, self.v

    def trim(self, num_tokens):
        self.offset -= num_tokens
""",
        "old[:, :, : self.offset]",
        "old",
    ),
    "long_context": (
        """
def yarn_frequencies(dims, base, factor, context):
    pair = lambda turns: dims * math.log(context / (turns * 2 * math.pi)) / (2 * math.log(base))
    low, high = max(math.floor(pair(32)), 0), math.ceil(pair(1))
    j = mx.arange(dims // 2)
    ramp = mx.clip((j - low) / (high - low), 0, 1)
    trained = base ** (-2 * j / dims)
    return trained * (1 - ramp) + trained / factor * ramp
""",
        "trained / factor * ramp",
        "trained * ramp",
    ),
    "metal_kernel": (
        """
def body():
    return "uint i = thread_position_in_grid.x; float x = gate[i]; out[i] = x / (1.0f + exp(-x)) * up[i];"
""",
        "exp(-x)",
        "exp(x)",
    ),
    "mixture_of_experts": (
        """
def route(logits, k):
    ids = mx.argsort(-logits, axis=-1)[:, :k]
    return ids, mx.softmax(mx.take_along_axis(logits, ids, axis=-1), axis=-1)


def tokens_of(ids, expert):
    return [token for token, row in enumerate(ids.tolist()) if expert in row]
""",
        "mx.softmax(mx.take_along_axis(logits, ids, axis=-1), axis=-1)",
        "mx.take_along_axis(mx.softmax(logits, axis=-1), ids, axis=-1)",
    ),
    "online_softmax": (
        """
def update(maximum, total, x):
    return merge((maximum, total), (x, 1.0))


def merge(a, b):
    m = max(a[0], b[0])
    if m == -math.inf:
        return m, 0.0
    return m, a[1] * math.exp(a[0] - m) + b[1] * math.exp(b[0] - m)
""",
        "a[1] * math.exp(a[0] - m)",
        "a[1]",
    ),
    "paged_attention": (
        """
def slots(block_table, block_size, first, count):
    return [(block_table[t // block_size], t % block_size) for t in range(first, first + count)]


def gather(pool, block_table, num_tokens):
    rows = mx.concatenate([pool[b] for b in block_table], axis=1)
    return rows[None, :, :num_tokens]
""",
        "pool[b] for b in block_table",
        "pool[b] for b in sorted(block_table)",
    ),
    "quantized_matmul": (
        """
def dequantize(packed, scales, biases, group_size):
    q = (packed[..., None] >> (4 * np.arange(8, dtype=np.uint32))) & 15
    q = q.reshape(packed.shape[0], -1)
    return q * np.repeat(scales, group_size, axis=1) + np.repeat(biases, group_size, axis=1)


def quantized_matmul(x, packed, scales, biases, group_size):
    return x @ dequantize(packed, scales, biases, group_size).T
""",
        "4 * np.arange(8",
        "28 - 4 * np.arange(8",
    ),
    "retrieval": (
        """
def bm25(question, passages, k1, b):
    mean = sum(map(len, passages)) / len(passages)
    scores = []
    for passage in passages:
        score = 0
        for word in question:
            n, f = sum(word in p for p in passages), passage.count(word)
            idf = math.log(1 + (len(passages) - n + 0.5) / (n + 0.5))
            score += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * len(passage) / mean))
        scores.append(score)
    return scores
""",
        "f * (k1 + 1)",
        "f * k1",
    ),
    "rms_norm": (
        """
def rms_norm(x, weight, eps):
    y = x.astype(mx.float32)
    y = y * mx.rsqrt(mx.mean(y * y, axis=-1, keepdims=True) + eps)
    return y.astype(x.dtype) * weight
""",
        "x.astype(mx.float32)",
        "x",
    ),
    "rope": (
        """
def rope(x, offset, base):
    half = x.shape[-1] // 2
    angles = (mx.arange(x.shape[2]) + offset)[:, None] * base ** (-mx.arange(half) / half)
    a, b = x[..., :half], x[..., half:]
    cos, sin = mx.cos(angles), mx.sin(angles)
    return mx.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)
""",
        "+ offset",
        "",
    ),
    "scheduler": (
        """
def schedule(decoding, waiting, max_num_seqs, max_num_batched_tokens):
    plan = {name: 1 for name in decoding}
    for name, length in waiting:
        if len(plan) == max_num_seqs or sum(plan.values()) + length > max_num_batched_tokens:
            break
        plan[name] = length
    return plan
""",
        "break",
        "continue",
    ),
    "softmax": (
        """
def softmax(x):
    e = mx.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
""",
        " - x.max(axis=-1, keepdims=True)",
        "",
    ),
    "speculative_decoding": (
        """
def accept(drafted, draft, target, uniforms):
    for i, x in enumerate(drafted):
        if uniforms[i] >= min(1, target[i, x] / draft[i, x]):
            return i
    return len(drafted)


def residual(draft, target):
    rest = np.maximum(target - draft, 0)
    return rest / rest.sum()
""",
        "np.maximum(target - draft, 0)",
        "target",
    ),
    "tool_calling": (
        """
def parse_call(text, tools):
    call = json.loads(text)
    if not isinstance(call, dict) or call.get("name") not in tools:
        raise ValueError("no call")
    if not isinstance(call.get("arguments"), dict):
        raise ValueError("no call")
    name, given = call["name"], call["arguments"]
    if set(given) != set(tools[name]):
        raise ValueError("other arguments")
    for key, kind in tools[name].items():
        kinds = (int, float) if kind is float else kind
        if isinstance(given[key], bool) or not isinstance(given[key], kinds):
            raise ValueError(key)
    return name, given
""",
        "isinstance(given[key], bool) or ",
        "",
    ),
    "top_p": (
        """
def keep_top_p(logits, p):
    order = mx.argsort(-logits, axis=-1)
    probabilities = mx.take_along_axis(mx.softmax(logits, axis=-1), order, axis=-1)
    before = mx.cumsum(probabilities, axis=-1) - probabilities
    keep = mx.take_along_axis(before < p, mx.argsort(order, axis=-1), axis=-1)
    return mx.where(keep, logits, -mx.inf)
""",
        "before = mx.cumsum(probabilities, axis=-1) - probabilities",
        "before = mx.cumsum(probabilities, axis=-1)",
    ),
    "transformer_block": (
        """
def block(x, norm1, attention, norm2, mlp):
    x = x + attention(norm1(x))
    return x + mlp(norm2(x))


def count_parameters(c):
    e, d, h, g = c["hidden_size"], c["head_dim"], c["num_attention_heads"], c["num_key_value_heads"]
    layer = 2 * e * d * (h + g) + 2 * d + 3 * e * c["intermediate_size"] + 2 * e
    return c["vocab_size"] * e * (2 - c["tie_word_embeddings"]) + c["num_hidden_layers"] * layer + e
""",
        "mlp(norm2(x))",
        "mlp(norm1(x) * 2)",
    ),
}
