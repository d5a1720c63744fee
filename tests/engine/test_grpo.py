"""Guards GRPO: advantages, KL estimate and loss against numpy written out by hand, and their limits."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.rl import group_advantage, grpo_loss, kl_k3, train_bandit

LENGTHS = [4, 2, 1]
WIDTH = 5


def sample(seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    logprobs = -random.uniform(0.1, 3.0, (len(LENGTHS), WIDTH))
    return {
        "logprobs": logprobs,
        "old_logprobs": logprobs + random.normal(0, 0.3, logprobs.shape),
        "advantages": np.array([1.2, -0.7, -0.5]),
        "mask": np.arange(WIDTH) < np.array(LENGTHS)[:, None],
        "ref_logprobs": logprobs + random.normal(0, 0.3, logprobs.shape),
    }


def by_hand(data: dict[str, np.ndarray], clip: float, beta: float) -> float:
    """Equation 3 of DeepSeekMath, token by token."""
    outputs = []
    for i, length in enumerate(LENGTHS):
        tokens = []
        for t in range(length):
            policy, old, ref = (data[key][i, t] for key in ("logprobs", "old_logprobs", "ref_logprobs"))
            ratio, advantage = np.exp(policy - old), data["advantages"][i]
            surrogate = min(ratio * advantage, min(max(ratio, 1 - clip), 1 + clip) * advantage)
            r = np.exp(ref - policy)
            tokens.append(surrogate - beta * (r - np.log(r) - 1))
        outputs.append(sum(tokens) / length)
    return -sum(outputs) / len(outputs)


def loss(data: dict[str, np.ndarray], **options: float) -> mx.array:
    return grpo_loss(**{key: mx.array(value.astype(np.float32)) for key, value in data.items()}, **options)


def test_advantage_is_the_z_score_of_the_group() -> None:
    random = np.random.default_rng(0)
    rewards = random.normal(size=(5, 8)).astype(np.float32)
    for ddof in (0, 1):
        centred = rewards - rewards.mean(1, keepdims=True)
        expected = centred / (rewards.std(1, ddof=ddof, keepdims=True) + 1e-4)
        np.testing.assert_allclose(group_advantage(mx.array(rewards), ddof=ddof), expected, atol=1e-5)


def test_published_cases() -> None:
    one_of_eight, seven_of_eight = mx.array([1.0] + [0.0] * 7), mx.array([1.0] * 7 + [0.0])
    assert group_advantage(one_of_eight, ddof=1)[0].item() == pytest.approx(2.47, abs=5e-3)
    assert group_advantage(seven_of_eight, ddof=1)[0].item() == pytest.approx(0.35, abs=5e-3)
    two_of_four = mx.array([1, 0, 0, 1])
    assert group_advantage(two_of_four)[0].item() == pytest.approx(1.0, abs=1e-3)
    assert group_advantage(two_of_four, ddof=1)[0].item() == pytest.approx(0.866, abs=1e-3)


def test_equal_rewards_give_exactly_zero() -> None:
    """Also where the mean of equal numbers rounds away from them, as it does for 0.1."""
    for reward in (0.0, 1.0, 0.1, 1e6 + 0.1):
        for size in (3, 7, 8):
            assert mx.all(group_advantage(mx.full((size,), reward)) == 0).item()


def test_kl_estimate() -> None:
    policy, ref = mx.array([-1.0, -2.0, -0.5]), mx.array([-1.0, -1.0, -1.5])
    assert kl_k3(policy, ref).tolist() == pytest.approx([0.0, np.e - 2, np.exp(-1)])
    random = np.random.default_rng(1)
    p, q = (np.exp(x) / np.exp(x).sum() for x in random.normal(size=(2, 6)))
    expected = float((p * np.log(p / q)).sum())
    drawn = random.choice(6, size=200_000, p=p)
    estimates = np.array(kl_k3(mx.array(np.log(p)[drawn]), mx.array(np.log(q)[drawn])))
    assert estimates.min() >= 0
    assert estimates.mean() == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("clip", [0.05, 0.2])
def test_loss_equals_equation_3(clip: float) -> None:
    data = sample()
    assert loss(data, clip=clip, beta=0.1).item() == pytest.approx(by_hand(data, clip, 0.1), rel=1e-5)


@pytest.mark.parametrize("clip", [0.05, 0.2])
def test_gradient_equals_finite_differences(clip: float) -> None:
    data = sample(seed=2)

    def f(logprobs: mx.array) -> mx.array:
        rest = {k: mx.array(v.astype(np.float32)) for k, v in data.items() if k != "logprobs"}
        return grpo_loss(logprobs, **rest, clip=clip, beta=0.1)

    gradient = np.array(mx.grad(f)(mx.array(data["logprobs"].astype(np.float32))))
    numeric = np.zeros_like(gradient)
    for index in np.ndindex(*gradient.shape):
        step = np.zeros_like(data["logprobs"])
        step[index] = 1e-6
        up, down = ({**data, "logprobs": data["logprobs"] + s} for s in (step, -step))
        numeric[index] = (by_hand(up, clip, 0.1) - by_hand(down, clip, 0.1)) / 2e-6
    np.testing.assert_allclose(gradient, numeric, atol=1e-4)
    assert (gradient[~data["mask"]] == 0).all()


def test_zero_advantage_gives_zero_gradient() -> None:
    data = {key: mx.array(value.astype(np.float32)) for key, value in sample().items()}
    old, mask = data["old_logprobs"], data["mask"]
    gradient = mx.grad(lambda logprobs: grpo_loss(logprobs, old, group_advantage(mx.ones((3,))), mask))
    assert mx.all(gradient(data["logprobs"]) == 0).item()


def test_clipping_stops_the_gradient_only_in_the_direction_that_gains() -> None:
    """Columns: ratio above the upper bound and below the lower one; rows: advantage +1 and -1."""
    ratio = mx.log(mx.array([[1.3, 0.7], [1.3, 0.7]]))
    gradient = mx.grad(lambda x: grpo_loss(x, mx.zeros((2, 2)), mx.array([1.0, -1.0]), mx.ones((2, 2))))(
        ratio
    )
    assert (np.array(gradient) != 0).tolist() == [[False, True], [True, False]]


def test_on_policy_gradient_is_the_policy_gradient() -> None:
    """At ratio 1 the gradient of each token is -A / (|o| N)."""
    data = {key: mx.array(value.astype(np.float32)) for key, value in sample().items()}
    gradient = mx.grad(
        lambda x: grpo_loss(x, mx.stop_gradient(data["logprobs"]), data["advantages"], data["mask"])
    )
    expected = -data["advantages"][:, None] / mx.array(LENGTHS)[:, None] / 3 * data["mask"]
    np.testing.assert_allclose(gradient(data["logprobs"]), expected, atol=1e-6)


def test_padding_may_hold_anything() -> None:
    data = sample()
    expected = loss(data)
    for key in ("logprobs", "old_logprobs", "ref_logprobs"):
        data[key] = np.where(data["mask"], data[key], -np.inf)
    assert loss(data).item() == expected.item()
    rest = {k: mx.array(v.astype(np.float32)) for k, v in data.items() if k != "logprobs"}
    gradient = mx.grad(lambda x: grpo_loss(x, **rest))(mx.array(data["logprobs"].astype(np.float32)))
    assert mx.all(mx.isfinite(gradient)).item()


def test_an_output_without_tokens_counts_as_zero() -> None:
    empty = grpo_loss(mx.zeros((2, 3)), mx.zeros((2, 3)), mx.ones((2,)), mx.array([[1, 1, 0], [0, 0, 0]]))
    assert empty.item() == -0.5


def test_bandit_learns() -> None:
    history = train_bandit()
    assert len(history) == 151
    assert history[0] == 0.1
    assert history[-1] > 0.9
    assert history == train_bandit()
    assert history != train_bandit(seed=1)


def test_refusals() -> None:
    square = mx.zeros((2, 3))
    with pytest.raises(KvistError, match="mask of shape \\(2, 3\\)"):
        grpo_loss(square, square, mx.zeros((2,)), mx.zeros((2, 2)))
    with pytest.raises(KvistError, match="one advantage per output"):
        grpo_loss(square, square, mx.zeros((3,)), square)
    with pytest.raises(KvistError, match="G > ddof"):
        group_advantage(mx.array([1.0]), ddof=1)
    with pytest.raises(KvistError, match="arm from 0 to 9"):
        train_bandit(correct=10)
