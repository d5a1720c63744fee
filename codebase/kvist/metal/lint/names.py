"""Names of the Metal Shading Language: types, attributes, functions.

From the Metal Shading Language Specification, chapters 2 (types), 5.2 (attributes) and 6 (standard library).
"""


def _each(prefixes: str, suffixes: str) -> set[str]:
    return {p + s for p in prefixes.split() for s in suffixes.split()}


_SCALARS = "bool char uchar short ushort int uint long ulong half float bfloat"
_FIXED = "int8_t uint8_t int16_t uint16_t int32_t uint32_t int64_t uint64_t size_t ptrdiff_t"
VECTORS = _each(_SCALARS, "2 3 4") | {"packed_" + v for v in _each(_SCALARS, "2 3 4")}
MATRICES = {f"{t}{c}x{r}" for t in ("half", "float") for c in "234" for r in "234"}
_SIMD = "char uchar short ushort int uint long ulong half float"  # of <simd/simd.h>
SIMD_VECTORS = {p + v for p in ("vector_", "simd_", "simd_packed_") for v in _each(_SIMD, "2 3 4")}
SIMD_MATRICES = {p + m for p in ("matrix_", "simd_") for m in MATRICES}
ATOMICS = {"atomic_int", "atomic_uint", "atomic_bool", "atomic_ulong", "atomic_float"}
SIMDGROUP_MATRICES = {f"simdgroup_{t}8x8" for t in ("half", "float", "bfloat")}
SCALARS = {*_SCALARS.split(), *_FIXED.split(), "float16_t", "bfloat16_t"}
BUILTIN_TYPES = frozenset(
    {"void", "signed", "unsigned", *SCALARS, *VECTORS, *MATRICES, *ATOMICS, *SIMDGROUP_MATRICES}
    | SIMD_VECTORS
    | SIMD_MATRICES
    | {"vec", "packed_vec", "matrix", "atomic", "simdgroup_matrix", "array", "bfloat16_t", "float16_t"}
)
ADDRESS_SPACES = frozenset({"device", "constant", "threadgroup", "thread", "threadgroup_imageblock"})
ADDRESS_SPACES |= {"ray_data", "object_data"}

# Built-in values of compute kernels. A position may have one, two or three components, the others are scalar.
POSITIONS = frozenset(
    _each("thread_position_in threadgroup_position_in", "_grid")
    | _each("threads_per threadgroups_per", "_grid")
    | {"thread_position_in_threadgroup", "threads_per_threadgroup", "dispatch_threads_per_threadgroup"}
    | {"grid_origin", "grid_size"}
)
INDICES = frozenset(
    {"thread_index_in_threadgroup", "thread_index_in_simdgroup", "thread_index_in_quadgroup"}
    | {"simdgroup_index_in_threadgroup", "quadgroup_index_in_threadgroup", "thread_execution_width"}
    | {"simdgroups_per_threadgroup", "quadgroups_per_threadgroup", "threads_per_simdgroup"}
    | {"dispatch_simdgroups_per_threadgroup", "dispatch_quadgroups_per_threadgroup"}
)
# Of vertex and fragment functions alone.
_GRAPHICS = """position vertex_id instance_id base_vertex base_instance primitive_id front_facing point_coord
    point_size sample_id sample_mask barycentric_coord color depth stencil clip_distance patch_id
    render_target_array_index viewport_array_index amplification_id position_in_patch"""
GRAPHICS = frozenset(_GRAPHICS.split())
RESOURCES = frozenset({"buffer", "texture", "sampler", "threadgroup"})
_FUNCTION_ATTRIBUTES = """kernel vertex fragment visible stitchable intersection mesh object host_name patch
    max_total_threads_per_threadgroup required_threads_per_threadgroup max_total_threadgroups_per_mesh_grid
    early_fragment_tests ray_data user_annotation"""
_OTHER_ATTRIBUTES = """stage_in function_constant id user position color vertex_id instance_id base_vertex
    base_instance primitive_id front_facing point_coord point_size sample_id sample_mask barycentric_coord
    depth stencil clip_distance invariant flat render_target_array_index viewport_array_index amplification_id
    amplification_count raster_order_group payload patch_id position_in_patch attribute index any less greater
    center_perspective center_no_perspective centroid_perspective centroid_no_perspective sample_perspective
    sample_no_perspective threadgroup_imageblock imageblock_data implicit_imageblock alias_implicit_imageblock
    visible_function_table intersection_function_table acceleration_structure primitive_data origin direction
    min_distance max_distance distance accept_intersection continue_search opaque triangle instance
    geometry_id user_instance_id primitive_acceleration_structure thread_index_in_mesh mesh_grid_properties
    function_groups static render_target_index"""
_CPP_ATTRIBUTES = "maybe_unused nodiscard noreturn deprecated fallthrough likely unlikely clang gnu"
ATTRIBUTES = POSITIONS | INDICES | RESOURCES
ATTRIBUTES |= {*_FUNCTION_ATTRIBUTES.split(), *_OTHER_ATTRIBUTES.split(), *_CPP_ATTRIBUTES.split()}

KEYWORDS = frozenset(
    [
        "alignas",
        "alignof",
        "and",
        "auto",
        "bool",
        "break",
        "case",
        "char",
        "class",
        "const",
        "constexpr",
        "const_cast",
        "continue",
        "decltype",
        "default",
        "do",
        "else",
        "enum",
        "explicit",
        "export",
        "extern",
        "false",
        "float",
        "for",
        "friend",
        "if",
        "inline",
        "int",
        "long",
        "mutable",
        "namespace",
        "not",
        "nullptr",
        "operator",
        "or",
        "private",
        "protected",
        "public",
        "reinterpret_cast",
        "return",
        "short",
        "signed",
        "sizeof",
        "static",
        "static_assert",
        "static_cast",
        "struct",
        "switch",
        "template",
        "this",
        "true",
        "typedef",
        "typename",
        "union",
        "unsigned",
        "using",
        "void",
        "volatile",
        "while",
        "kernel",
        "vertex",
        "fragment",
        "device",
        "constant",
        "threadgroup",
        "thread",
        "half",
        "uint",
        "uchar",
        "ushort",
        "ulong",
        "bfloat",
        "noexcept",
        "defined",
        "METAL_FUNC",
        "asm",
        "__attribute__",
        "delete",
        "new",
        "throw",
        "double",
        "typeid",
        "goto",
        "virtual",
        "dynamic_cast",
        "try",
        "catch",
    ]
)

_MATH = """acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh cospi divide exp exp10 exp2 fabs abs
    fdim floor fma fmax fmax3 fmedian3 fmin fmin3 fmod fract frexp ilogb ldexp log log10 log2 median3 modf
    nextafter pow powr rint round rsqrt sin sincos sinh sinpi sqrt tan tanh tanpi trunc clamp mix saturate
    sign smoothstep step max max3 min min3 isfinite isinf isnan isnormal isordered isunordered signbit all any
    select"""
_INTEGER = """absdiff addsat clz ctz extract_bits hadd insert_bits madhi madsat mul24 mad24 mulhi popcount
    reverse_bits rhadd rotate subsat"""
_GEOMETRY = """cross distance distance_squared dot faceforward length length_squared normalize reflect refract
    determinant transpose"""
_PACK = _each(
    "pack_float_to_ pack_half_to_", "snorm4x8 unorm4x8 snorm2x16 unorm2x16 unorm10a2 unorm565 srgb_unorm4x8"
)
_PACK |= {f"unpack_{f}_to_{t}" for t in ("float", "half") for f in ("snorm4x8", "unorm4x8", "snorm2x16")}
_PACK |= {f"unpack_{f}_to_{t}" for t in ("float", "half") for f in ("unorm2x16", "unorm10a2", "unorm565")}
_GROUP = """all and any ballot broadcast broadcast_first is_first is_helper_thread max min or product shuffle
    shuffle_and_fill_down shuffle_and_fill_up shuffle_down shuffle_rotate_down shuffle_rotate_up shuffle_up
    shuffle_xor sum xor active_threads_mask prefix_inclusive_sum prefix_exclusive_sum prefix_inclusive_product
    prefix_exclusive_product vote is_active"""
_MATRIX = """simdgroup_load simdgroup_store simdgroup_multiply simdgroup_multiply_accumulate
    make_filled_simdgroup_matrix make_diagonal_simdgroup_matrix simdgroup_async_copy simdgroup_event
    simdgroup_barrier threadgroup_barrier simdgroup_matrix"""
_ATOMIC = {f"atomic_{verb}_explicit" for verb in ("load", "store", "exchange")}
_ATOMIC |= {f"atomic_fetch_{op}_explicit" for op in ("add", "and", "max", "min", "or", "sub", "xor")}
_ATOMIC |= {f"atomic_{op}_explicit" for op in ("compare_exchange_weak", "max", "min")}
_ATOMIC |= {"atomic_thread_fence", "atomic_notify"}
_TRAITS = """is_same is_same_v enable_if enable_if_t conditional conditional_t is_integral is_integral_v
    is_floating_point is_floating_point_v is_arithmetic is_signed is_unsigned is_convertible is_empty
    remove_cv_t remove_const_t remove_reference_t make_unsigned_t make_signed_t make_scalar_t make_vec
    numeric_limits declval integral_constant bool_constant true_type false_type move forward as_type
    is_function_constant_defined is_null_texture is_vector void_t is_base_of underlying_type swap"""
_TEXTURE = """texture1d texture1d_array texture2d texture2d_array texture2d_ms texture3d texturecube
    texturecube_array texture_buffer depth2d depth2d_array depthcube sampler uniform
    get_num_patch_control_points discard_fragment dfdx dfdy fwidth intersector ray
    acceleration_structure assert os_log"""
FUNCTIONS = frozenset(
    {*_MATH.split(), *_INTEGER.split(), *_GEOMETRY.split(), *_MATRIX.split(), *_TRAITS.split()}
    | set(_TEXTURE.split())
    | _PACK
    | _ATOMIC
    | {f"{group}_{name}" for group in ("simd", "quad") for name in _GROUP.split()}
    | BUILTIN_TYPES
)
# What the mistaken usually mean.
MEANT = {
    "printf": "MSL 3.1 prints nothing; write the value to a buffer",
    "__syncthreads": "threadgroup_barrier(mem_flags::mem_threadgroup)",
    "__syncwarp": "simdgroup_barrier(mem_flags::mem_none)",
    "barrier": "threadgroup_barrier(mem_flags::mem_threadgroup)",
    "atomicAdd": "atomic_fetch_add_explicit(p, value, memory_order_relaxed)",
    "atomicMax": "atomic_fetch_max_explicit(p, value, memory_order_relaxed)",
    "get_global_id": "a parameter `uint i [[thread_position_in_grid]]`",
    "get_local_id": "a parameter `uint i [[thread_position_in_threadgroup]]`",
    "malloc": "memory comes from buffers and threadgroup variables",
    "memcpy": "a loop, or an assignment of a vector type",
    "simd_sync": "simdgroup_barrier(mem_flags::mem_none)",
    "threadIdx": "a parameter `uint3 t [[thread_position_in_threadgroup]]`",
    "blockIdx": "a parameter `uint3 g [[threadgroup_position_in_grid]]`",
    "blockDim": "a parameter `uint3 n [[threads_per_threadgroup]]`",
    "gridDim": "a parameter `uint3 n [[threadgroups_per_grid]]`",
    "lerp": "mix(a, b, t)",
    "erf": "Metal has none: a polynomial, such as 7.1.26 of Abramowitz and Stegun",
    "log1p": "Metal has none: log(1 + x), or a series near 0",
    "__expf": "fast::exp",
    "__shfl_xor_sync": "simd_shuffle_xor(value, mask)",
    "__shfl_down_sync": "simd_shuffle_down(value, delta)",
}
