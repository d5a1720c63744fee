// Rotary positions: x (B, H, L, D), whose token t of sequence b stands at position p = offsets[b] + t. Pair j of a head
// is turned by p / wavelengths[j] radians; features from dims on pass unchanged.
//
// Two layouts of the pairs: features (2j, 2j + 1), TRADITIONAL, as in the paper; or (j, j + dims / 2), half-split, as
// in Llama and Qwen. (Su et al. 2021, RoFormer, section 3.2.2, equation 15)
//
// Dispatch: y counts tokens (L). rope_naive: grid (D, L, B H). With R = D - dims features that only pass:
// rope_pairs: grid (dims / 2 + R, L, B H); rope_vectorised: (dims / 8 + R, L, B H), dims / 2 a multiple of 4;
// rope_heads: (dims / 2 + R, L, B ceil(H / 4)). Any threadgroups: no thread waits for another.
#include <metal_stdlib>
using namespace metal;

constant constexpr uint HEADS_PER_THREAD = 4;

struct Turn {
  float cosine;
  float sine;
};

// In float whatever T is: half could not even count the positions.
Turn turn_of(int position, float wavelength) {
  const float angle = float(position) * (1.0f / wavelength);
  return Turn{metal::precise::cos(angle), metal::precise::sin(angle)};
}

// Where in a head the two features of a pair are.
template <bool TRADITIONAL>
uint first_of(uint pair) {
  return TRADITIONAL ? 2 * pair : pair;
}
template <bool TRADITIONAL>
uint second_of(uint pair, uint dims) {
  return TRADITIONAL ? 2 * pair + 1 : pair + dims / 2;
}

// 1. One thread a feature. Both threads of a pair read both features and compute the same sine and cosine.
template <typename T, bool TRADITIONAL>
[[kernel]] void rope_naive(
    device const T* x [[buffer(0)]],
    device const float* wavelengths [[buffer(1)]],
    device const int* offsets [[buffer(2)]],
    constant uint& num_heads [[buffer(3)]],
    constant uint& dim [[buffer(4)]],
    constant uint& dims [[buffer(5)]],
    device T* out [[buffer(6)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint3 threads_per_grid [[threads_per_grid]]) {
  const uint feature = thread_position_in_grid.x, token = thread_position_in_grid.y;
  const uint head = thread_position_in_grid.z;  // of all sequences
  const size_t row = (size_t(head) * threads_per_grid.y + token) * dim;
  if (feature >= dims) {
    out[row + feature] = x[row + feature];
    return;
  }
  const uint pair = TRADITIONAL ? feature / 2 : feature % (dims / 2);
  const bool is_first = feature == first_of<TRADITIONAL>(pair);
  const Turn turn = turn_of(offsets[head / num_heads] + int(token), wavelengths[pair]);
  const float first = float(x[row + first_of<TRADITIONAL>(pair)]);
  const float second = float(x[row + second_of<TRADITIONAL>(pair, dims)]);
  out[row + feature] = T(is_first ? first * turn.cosine - second * turn.sine
                                  : second * turn.cosine + first * turn.sine);
}

// Turns one pair of the head that starts at `row`.
template <typename T, bool TRADITIONAL>
void turn_pair(device const T* x, device T* out, size_t row, uint pair, uint dims, Turn turn) {
  const size_t a = row + first_of<TRADITIONAL>(pair), b = row + second_of<TRADITIONAL>(pair, dims);
  const float first = float(x[a]), second = float(x[b]);
  out[a] = T(first * turn.cosine - second * turn.sine);
  out[b] = T(second * turn.cosine + first * turn.sine);
}

// 2. One thread a pair: one sine and cosine for two features, and each is read once.
template <typename T, bool TRADITIONAL>
[[kernel]] void rope_pairs(
    device const T* x [[buffer(0)]],
    device const float* wavelengths [[buffer(1)]],
    device const int* offsets [[buffer(2)]],
    constant uint& num_heads [[buffer(3)]],
    constant uint& dim [[buffer(4)]],
    constant uint& dims [[buffer(5)]],
    device T* out [[buffer(6)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint3 threads_per_grid [[threads_per_grid]]) {
  const uint pair = thread_position_in_grid.x, token = thread_position_in_grid.y;
  const uint head = thread_position_in_grid.z;
  const size_t row = (size_t(head) * threads_per_grid.y + token) * dim;
  if (pair >= dims / 2) {  // behind the pairs: features that only pass
    const size_t passing = row + pair + dims / 2;
    out[passing] = x[passing];
    return;
  }
  const Turn turn = turn_of(offsets[head / num_heads] + int(token), wavelengths[pair]);
  turn_pair<T, TRADITIONAL>(x, out, row, pair, dims, turn);
}

// 3. Four neighbouring pairs a thread, in vectors: a quarter of the threads, each with wide loads and stores.
template <typename T, bool TRADITIONAL>
[[kernel]] void rope_vectorised(
    device const T* x [[buffer(0)]],
    device const float* wavelengths [[buffer(1)]],
    device const int* offsets [[buffer(2)]],
    constant uint& num_heads [[buffer(3)]],
    constant uint& dim [[buffer(4)]],
    constant uint& dims [[buffer(5)]],
    device T* out [[buffer(6)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint3 threads_per_grid [[threads_per_grid]]) {
  const uint quad = thread_position_in_grid.x, token = thread_position_in_grid.y;
  const uint head = thread_position_in_grid.z;
  const size_t row = (size_t(head) * threads_per_grid.y + token) * dim;
  if (quad >= dims / 8) {
    const size_t passing = row + quad - dims / 8 + dims;
    out[passing] = x[passing];
    return;
  }
  const uint pair = 4 * quad, step = TRADITIONAL ? 2 : 1;
  device const T* a = x + row + first_of<TRADITIONAL>(pair);
  device const T* b = x + row + second_of<TRADITIONAL>(pair, dims);
  const float4 first = float4(a[0], a[step], a[2 * step], a[3 * step]);
  const float4 second = float4(b[0], b[step], b[2 * step], b[3 * step]);
  const float4 wavelength =
      float4(wavelengths[pair], wavelengths[pair + 1], wavelengths[pair + 2], wavelengths[pair + 3]);
  const float4 angle = float(offsets[head / num_heads] + int(token)) * (1.0f / wavelength);
  const float4 cosine = metal::precise::cos(angle), sine = metal::precise::sin(angle);
  const float4 turned_first = first * cosine - second * sine;
  const float4 turned_second = second * cosine + first * sine;
  for (uint j = 0; j < 4; ++j) {
    out[row + first_of<TRADITIONAL>(pair + j)] = T(turned_first[j]);
    out[row + second_of<TRADITIONAL>(pair + j, dims)] = T(turned_second[j]);
  }
}

// 4. The angle depends on the token and the pair, not on the head: one sine and cosine for four heads.
template <typename T, bool TRADITIONAL>
[[kernel]] void rope_heads(
    device const T* x [[buffer(0)]],
    device const float* wavelengths [[buffer(1)]],
    device const int* offsets [[buffer(2)]],
    constant uint& num_heads [[buffer(3)]],
    constant uint& dim [[buffer(4)]],
    constant uint& dims [[buffer(5)]],
    device T* out [[buffer(6)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint3 threads_per_grid [[threads_per_grid]]) {
  const uint pair = thread_position_in_grid.x, token = thread_position_in_grid.y;
  const uint groups = (num_heads + HEADS_PER_THREAD - 1) / HEADS_PER_THREAD;  // of heads, in one sequence
  const uint sequence = thread_position_in_grid.z / groups;
  const uint begin = thread_position_in_grid.z % groups * HEADS_PER_THREAD;
  const uint end = min(begin + HEADS_PER_THREAD, num_heads);
  const bool turns = pair < dims / 2;
  Turn turn = Turn{1.0f, 0.0f};
  if (turns) {
    turn = turn_of(offsets[sequence] + int(token), wavelengths[pair]);
  }
  for (uint head = begin; head < end; ++head) {
    const size_t row = ((size_t(sequence) * num_heads + head) * threads_per_grid.y + token) * dim;
    if (turns) {
      turn_pair<T, TRADITIONAL>(x, out, row, pair, dims, turn);
    } else {
      out[row + pair + dims / 2] = x[row + pair + dims / 2];
    }
  }
}
