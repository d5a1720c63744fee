"""Guards kvist.metal.Kernel: MLX generates the text that we do, and a kernel that does not fit is refused."""

import mlx.core as mx
import pytest

from kvist.errors import KvistError
from kvist.metal import Kernel, Output, emulate, kernel_path, signature, trace
from kvist.metal.signature import JitKernel

BODY = """
  uint i = thread_position_in_grid.x;  // x_shape and w_strides are named, so MLX passes them
  out[i] = T(x[i] * w[i % N]) + T(x_shape[0] + w_strides[0] + x_ndim);
  count[0] = simdgroup_index_in_threadgroup + dispatch_threads_per_threadgroup.x;
"""
CASES = {
    "template": ([mx.zeros((4, 8)), mx.zeros((9,))], [("T", mx.float16), ("N", 3), ("FLAG", True)]),
    "no template": ([mx.zeros((4, 8)), mx.zeros((9,))], []),
    "small arrays are constant": (
        [mx.zeros((2, 2), mx.bfloat16), mx.zeros((3,), mx.int64)],
        [("T", mx.bfloat16)],
    ),
    "single values": ([mx.array(1.0), mx.array(2, mx.uint8)], [("T", mx.uint32)]),
}


@pytest.mark.parametrize("name", CASES)
def test_our_signature_is_the_one_that_mlx_generates(name):
    inputs, template = CASES[name]
    kernel = JitKernel("example", ("x", "w"), ("out", "count"), BODY, "inline int f() { return 1; }\n")
    dtypes = [mx.float16, mx.uint32]
    theirs = trace.traced(kernel, inputs, dtypes, template)
    assert theirs is not None, "this MLX does not record custom kernels: kvist.metal.trace has to follow"
    assert signature.write(kernel, inputs, dtypes, template) == theirs


def test_our_signature_with_atomic_outputs():
    kernel = JitKernel(
        "add", ("x",), ("out",), "out[0] = thread_position_in_grid.x;", "", atomic_outputs=True
    )
    theirs = trace.traced(kernel, [mx.zeros((9,))], [mx.int32], [])
    assert signature.write(kernel, [mx.zeros((9,))], [mx.int32], []) == theirs


def test_our_signature_for_the_kernels_of_the_house():
    kernel = Kernel(kernel_path("rms_norm"))
    inputs = [mx.zeros((2, 8)), mx.zeros((8,)), mx.array(1e-6), mx.array(8, mx.uint32)]
    template = [("T", mx.float32)]
    theirs = trace.traced(kernel.jit_kernel, inputs, [mx.float32], template)
    assert signature.write(kernel.jit_kernel, inputs, [mx.float32], template) == theirs
    assert "#line" in theirs.text


def test_without_export_the_fallback_is_used(monkeypatch, emulator):
    if mx.metal.is_available():
        pytest.skip("nothing is traced where there is Metal")

    def no_export(*_):
        raise RuntimeError("export is gone")

    monkeypatch.setattr(mx, "export_function", no_export)
    x = mx.ones((2, 16))
    kernel = Kernel(kernel_path("rms_norm"))
    (y,) = kernel(
        inputs=[x, 2 * mx.ones((16,)), 0.0, 16],
        grid=(32, 2, 1),
        threadgroup=(32, 1, 1),
        output_shapes=[x.shape],
        output_dtypes=[x.dtype],
    )
    assert mx.array_equal(y, 2 * x).item()


def small_kernel(parameters: str, body: str = "out[0] = 1;") -> str:
    return f"\n[[kernel]] void k({parameters}) {{ {body} }}\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            small_kernel("constant float* x, device float* out"),
            "need `x` as `device float*` or `constant float&`",
        ),
        (small_kernel("device const float& x, device float* out"), "got `device float&`"),
        (
            small_kernel("device float* out, uint i [[thread_position_in_grid]]"),
            "need `uint3 thread_position_in_grid [[thread_position_in_grid]]`, got `uint i`",
        ),
        (
            small_kernel("device float* out, uint clock [[clock]]"),
            "that MLX knows, got [[clock]]",
        ),
        (small_kernel("device const float* x"), "need a `device T*` buffer to write"),
        (
            small_kernel("device const float* x, device float* out", "float x_shape = 1; out[0] = x_shape;"),
            "need another name in the body than x_shape",
        ),
    ],
)
def test_a_kernel_that_mlx_could_not_take_is_refused(source, message):
    with pytest.raises(KvistError) as caught:
        Kernel(source)
    assert message in str(caught.value)
    assert str(caught.value).startswith("[kernel.metal:2]")


def call(**changes):
    kernel = Kernel(
        "\ntemplate <typename T>\n[[kernel]] void add(device const T* x, constant float& s, device T* out, "
        "uint3 thread_position_in_grid [[thread_position_in_grid]]) "
        "{ const uint i = thread_position_in_grid.x; out[i] = x[i] + T(s); }\n"
    )
    call = {
        "inputs": [mx.arange(3, dtype=mx.float32), 0.5],
        "grid": (3, 1, 1),
        "threadgroup": (3, 1, 1),
        "output_shapes": [(3,)],
        "output_dtypes": [mx.float32],
    }
    return kernel(**(call | changes))


def test_arrays_of_fewer_than_eight_elements(emulator):
    """MLX passes them in the constant address space; padding keeps `device const T*` true on a Mac."""
    assert call()[0].tolist() == [0.5, 1.5, 2.5]


def test_a_kernel_can_be_emulated_with_counters(emulator):
    kernel = Kernel(kernel_path("rms_norm"))
    buffers = {"x": mx.ones((3, 40)), "weight": mx.ones((40,)), "eps": 0.0, "dim": 40}
    done = emulate(kernel, (32, 3, 1), (32, 1, 1), buffers | {"out": Output((3, 40), mx.float32)})
    assert done.outputs["out"].tolist() == [[1.0] * 40] * 3
    assert done.counters.barriers == 3


def test_initial_values(emulator):
    y = call(output_shapes=[(5,)], init_value=9)[0]
    assert y.tolist() == [0.5, 1.5, 2.5, 9, 9]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": [mx.zeros((3,))]}, "need 2 inputs (x, s), got 1"),
        ({"inputs": [mx.zeros((3,)), mx.zeros((3,))]}, "need one value for `s`, got an array of shape (3,)"),
        ({"inputs": [mx.zeros((3,)), mx.array(1)]}, "need `s` of float, got int"),
        ({"output_dtypes": [mx.float16]}, "need one type for template parameter T, got float, half"),
        ({"output_shapes": []}, "need output_shapes and output_dtypes for out, got 0 shapes and 1 dtypes"),
        ({"template": [("T", mx.float32), ("N", 2)]}, "need template parameters of the kernel, got N"),
        ({"template": {"T": mx.float16}}, "need one type for template parameter T"),
    ],
)
def test_bad_calls_are_refused(changes, message):
    with pytest.raises(KvistError) as caught:
        call(**changes)
    assert message in str(caught.value)


def test_kernels_are_found_by_name():
    assert kernel_path("rms_norm").name == "rms_norm.metal"
    with pytest.raises(KvistError, match=r"need a kernel 'no_such_op', .* hint: kernels here: .*rms_norm"):
        kernel_path("no_such_op")


def test_outside_a_checkout_the_error_says_so(monkeypatch):
    monkeypatch.setattr("kvist.metal.files.checkout_root", lambda: None)
    with pytest.raises(KvistError, match=r"got kvist without its checkout. hint: .* not part of the wheel"):
        kernel_path("rms_norm")


def test_numbers_become_the_declared_type(emulator):
    """7 for `constant uint&` is a uint32, not the int32 that mx.array(7) would be."""
    kernel = Kernel(
        "\n[[kernel]] void k(constant uint& n, constant half& h, device float* out) "
        "{ out[0] = float(n) + float(h); }\n"
    )
    one = (1, 1, 1)
    (y,) = kernel(
        inputs=[7, 0.25], grid=one, threadgroup=one, output_shapes=[(1,)], output_dtypes=[mx.float32]
    )
    assert y.tolist() == [7.25]
