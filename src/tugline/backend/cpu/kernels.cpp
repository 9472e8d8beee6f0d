#include "tugline/backend/cpu/kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tugline/backend/cpu/wide_norms.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tugline/backend/cpu/kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h, which this header needs.
#include <hwy/contrib/math/math-inl.h>

#include "tugline/backend/cpu/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tugline::cpu::HWY_NAMESPACE {

// Highway's Exp is defined up to 104 only, and e^88.7 is f32's largest: beyond kLargestExponent the caller
// says what it wants.
constexpr float kLargestExponent = 88.0f;

// Returns false and writes nothing if f32 cannot hold the squares.
bool RmsNormRow(const float* x, const float* weight, int64_t n, float eps, float* out) {
  const F f;
  V squares = hn::Zero(f);
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V v = load(x + i, lanes);
    squares = hn::MulAdd(v, v, squares);
  });
  const float total = sum_lanes(squares);
  if (!f32_holds_squares(total)) return false;
  const V inverse = hn::Div(hn::Set(f, 1.0f), hn::Sqrt(hn::Set(f, total / static_cast<float>(n) + eps)));
  for_each_vector(n, [&](int64_t i, auto lanes) {
    store(hn::Mul(hn::Mul(load(x + i, lanes), inverse), load(weight + i, lanes)), lanes, out + i);
  });
  return true;
}

// False, and nothing written, if f32 does not hold the sum.
bool CentreRow(const float* x, int64_t n, float* out) {
  V sum = hn::Zero(F());
  for_each_vector(n, [&](int64_t i, auto lanes) { sum = hn::Add(load(x + i, lanes), sum); });
  const float total = sum_lanes(sum);
  if (!(std::abs(total) <= std::numeric_limits<float>::max())) return false;
  const V mean = hn::Set(F(), total / static_cast<float>(n));
  for_each_vector(n,
                  [&](int64_t i, auto lanes) { store(hn::Sub(load(x + i, lanes), mean), lanes, out + i); });
  return true;
}

void SwigluRow(const float* gate, const float* up, int64_t n, float* out) {
  const F f;
  const V one = hn::Set(f, 1.0f);
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V g = load(gate + i, lanes);
    // A gate below -88: silu is 0 to 36 digits either way.
    const V exponent = hn::Min(hn::Neg(g), hn::Set(f, kLargestExponent));
    const V silu = hn::Div(g, hn::Add(one, hn::Exp(f, exponent)));
    store(hn::Mul(silu, load(up + i, lanes)), lanes, out + i);
  });
}

void RopeHead(float* x, const float* cosine, const float* sine, int64_t half) {
  for_each_vector(half, [&](int64_t i, auto lanes) {
    const V a = load(x + i, lanes);
    const V b = load(x + half + i, lanes);
    const V c = load(cosine + i, lanes);
    const V s = load(sine + i, lanes);
    store(hn::NegMulAdd(b, s, hn::Mul(a, c)), lanes, x + i);
    store(hn::MulAdd(a, s, hn::Mul(b, c)), lanes, x + half + i);
  });
}

void SoftmaxRow(float* s, int64_t n) {
  const F f;
  V largest = hn::Set(f, -std::numeric_limits<float>::infinity());
  for_each_vector(n, [&](int64_t i, auto lanes) {
    largest = hn::Max(largest, or_else(load(s + i, lanes), lanes, largest));
  });
  const V top = hn::MaxOfLanes(f, largest);
  V total = hn::Zero(f);
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V e = or_else(hn::Exp(f, hn::Sub(load(s + i, lanes), top)), lanes, hn::Zero(f));
    store(e, lanes, s + i);
    total = hn::Add(total, e);
  });
  const V inverse = hn::Set(f, 1.0f / sum_lanes(total));
  for_each_vector(n,
                  [&](int64_t i, auto lanes) { store(hn::Mul(load(s + i, lanes), inverse), lanes, s + i); });
}

double Dot(const float* x, const float* y, int64_t n) {
  V sum = hn::Zero(F());
  for_each_vector(
      n, [&](int64_t i, auto lanes) { sum = hn::MulAdd(load(x + i, lanes), load(y + i, lanes), sum); });
  return sum_lanes(sum);
}

// From here on the terms are infinite, and the caller takes the row's f64 path: a token this much likelier
// may be one whose q is too small for f32, of which q e^d would be wrong. Below it such a token has a p of at
// most e^(60 - 87).
constexpr float kLargestDelta = 60.0f;

// Whether squares are lifted: a row of tiny differences, all of them below 1/2.
enum class Lift { kNo, kYes };

struct Terms {
  V forward;
  V backward;
};

// With b = (e^d - 1 - d) / d^2 = 1/2 + d/6 + ...: (d e^d - e^d + 1) / d^2 = 1 - b (1 - d), which does not
// cancel if b is about 1/2. square: lift^2 d^2.
template <Lift lift>
HWY_INLINE Terms divergence_terms(V d, V square) {
  const F f;
  const V one = hn::Set(f, 1.0f);
  const V series = backward_series(d);
  Terms terms{hn::Mul(square, hn::NegMulAdd(series, hn::Sub(one, d), one)), hn::Mul(square, series)};
  const auto large = hn::Ge(hn::Abs(d), hn::Set(f, kSeriesLimit));
  if (HWY_LIKELY(hn::AllFalse(f, large))) return terms;
  const V limit = hn::Set(f, kLargestDelta);
  const V infinity = hn::Set(f, std::numeric_limits<float>::infinity());
  if constexpr (lift == Lift::kYes) {
    terms.forward = hn::IfThenElse(large, infinity, terms.forward);
    return terms;
  }
  const V e = hn::IfThenElse(hn::Gt(d, limit), infinity, hn::Exp(f, hn::Min(d, limit)));
  const V e_minus_one = hn::Sub(e, one);
  terms.forward = hn::IfThenElse(large, hn::Sub(hn::Mul(d, e), e_minus_one), terms.forward);
  terms.backward = hn::IfThenElse(large, hn::Sub(e_minus_one, d), terms.backward);
  return terms;
}

template <size_t n>
HWY_INLINE V polynomial(V x, const float (&highest_first)[n]) {
  const F f;
  V p = hn::Set(f, highest_first[0]);
  for (size_t i = 1; i < n; ++i) p = hn::MulAdd(p, x, hn::Set(f, highest_first[i]));
  return p;
}

struct JsTerms {
  V js;
  V slope;
};

// (r u - (1 + r) l) / 2 and r (u - l) - (r - 1) / 2 with r = e^u, l = log((1 + r) / 2): both u^2 / 8 + ...,
// by their Taylor series if |u| is small; square: lift^2 u^2 (first terms left out: 2e-8 and 1e-7 of the
// sums).
template <Lift lift>
HWY_INLINE JsTerms js_terms(V u, V square) {
  const F f;
  const V one = hn::Set(f, 1.0f);
  const V half = hn::Set(f, 0.5f);
  JsTerms terms{hn::Mul(square, polynomial(u, {1.0f / 92160, 1.0f / 11520, 1.0f / 2304, 1.0f / 384, 1.0f / 64,
                                               1.0f / 16, 1.0f / 8})),
                hn::Mul(square, polynomial(u, {-11.0f / 645120, 1.0f / 13440, 1.0f / 1920, 1.0f / 960,
                                               1.0f / 192, 1.0f / 24, 1.0f / 8}))};
  if constexpr (lift == Lift::kYes) return terms;
  const auto large = hn::Ge(hn::Abs(u), hn::Set(f, kSeriesLimit));
  if (HWY_LIKELY(hn::AllFalse(f, large))) return terms;
  const V bounded = hn::Max(hn::Min(u, hn::Set(f, kLargestExponent)), hn::Set(f, -kLargestExponent));
  const V r = hn::Exp(f, bounded);
  const V l = hn::Log(f, hn::Mul(hn::Add(one, r), half));
  const V js = hn::Mul(half, hn::Sub(hn::Mul(r, bounded), hn::Mul(hn::Add(one, r), l)));
  const V slope = hn::Sub(hn::Mul(r, hn::Sub(bounded, l)), hn::Mul(hn::Sub(r, one), half));
  terms.js = hn::IfThenElse(large, js, terms.js);
  terms.slope = hn::IfThenElse(large, slope, terms.slope);
  return terms;
}

// One lane's share in each of DivergenceSums.
template <Lift lift>
struct LaneSums {
  V forward, backward, mean, js, slope, rise, risen, surprisal;

  HWY_INLINE LaneSums() { forward = backward = mean = js = slope = rise = risen = surprisal = hn::Zero(F()); }
  HWY_INLINE static V square_of(V x, V lifted_by) {
    if constexpr (lift == Lift::kNo) return hn::Mul(x, x);
    const V lifted = hn::Mul(x, lifted_by);
    return hn::Mul(lifted, lifted);
  }
  HWY_INLINE void add(V d, V u, V weight, V log_q_and_entropy, V lifted_by) {
    const Terms terms = divergence_terms<lift>(d, square_of(d, lifted_by));
    const JsTerms apart = js_terms<lift>(u, square_of(u, lifted_by));
    const V expm1 = lift == Lift::kYes ? small_expm1(d) : hn::Add(terms.backward, d);
    const V moved = hn::Mul(weight, expm1);  // q (e^d - 1)
    const auto up = hn::Gt(u, hn::Zero(F()));
    forward = hn::MulAdd(weight, terms.forward, forward);
    backward = hn::MulAdd(weight, terms.backward, backward);
    mean = hn::MulAdd(weight, d, mean);
    js = hn::MulAdd(weight, apart.js, js);
    slope = hn::MulAdd(weight, apart.slope, slope);
    rise = hn::Add(rise, hn::IfThenElseZero(up, moved));
    risen = hn::Add(risen, hn::IfThenElseZero(up, weight));
    surprisal = hn::MulAdd(moved, log_q_and_entropy, surprisal);
  }
  HWY_INLINE void add_to(DivergenceSums& sums) const {
    sums.forward += sum_lanes(forward);
    sums.backward += sum_lanes(backward);
    sums.mean += sum_lanes(mean);
    sums.js += sum_lanes(js);
    sums.js_slope += sum_lanes(slope);
    sums.rise += sum_lanes(rise);
    sums.risen += sum_lanes(risen);
    sums.surprisal += sum_lanes(surprisal);
  }
};

template <Lift lift>
TileSums SumTile(const float* delta, const DivergenceOrigin& origin, const float* q, const float* logits,
                 int64_t n) {
  const F f;
  // f32 sums run over this many elements before they go into f64: 16 additions a lane.
  const auto block_size = static_cast<int64_t>(16 * hn::Lanes(f));
  const V scale = hn::Set(f, origin.scale);
  const V shift = hn::Set(f, origin.shift);
  const V log_z = hn::Set(f, origin.log_z);
  const V surprisal_shift = hn::Set(f, origin.surprisal_shift);
  const V lifted_by = hn::Set(f, origin.lift);
  V largest = hn::Set(f, -std::numeric_limits<float>::infinity());
  TileSums tile;
  for (int64_t begin = 0; begin < n; begin += block_size) {
    LaneSums<lift> block;
    for_each_vector(std::min(block_size, n - begin), [&](int64_t i, auto lanes) {
      const V change = load(delta + begin + i, lanes);
      const V logit = load(logits + begin + i, lanes);
      const V d = or_else(hn::MulSub(change, scale, shift), lanes, hn::Zero(f));
      const V surprisal = hn::MulSub(logit, scale, surprisal_shift);
      block.add(d, hn::Sub(d, log_z), load(q + begin + i, lanes), surprisal, lifted_by);
      // No temperature, and one rounding: the likeliest token is the same at every temperature.
      largest = hn::Max(largest, or_else(hn::Add(logit, change), lanes, largest));
    });
    block.add_to(tile.sums);
  }
  tile.largest = hn::GetLane(hn::MaxOfLanes(f, largest));
  return tile;
}

TileSums DivergenceTile(const float* delta, const DivergenceOrigin& origin, const float* q,
                        const float* logits, int64_t n) {
  return origin.lift == 1 ? SumTile<Lift::kNo>(delta, origin, q, logits, n)
                          : SumTile<Lift::kYes>(delta, origin, q, logits, n);
}

const char* TargetName() { return hwy::TargetName(HWY_TARGET); }

}  // namespace tugline::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tugline::cpu {

HWY_EXPORT(RmsNormRow);
HWY_EXPORT(CentreRow);
HWY_EXPORT(SwigluRow);
HWY_EXPORT(RopeHead);
HWY_EXPORT(SoftmaxRow);
HWY_EXPORT(Dot);
HWY_EXPORT(DivergenceTile);
HWY_EXPORT(TargetName);

void rms_norm_row(const float* x, const float* weight, int64_t n, float eps, float* out) {
  if (!HWY_DYNAMIC_DISPATCH(RmsNormRow)(x, weight, n, eps, out)) wide_rms_norm_row(x, weight, n, eps, out);
}
void centre_row(const float* x, int64_t n, float* out) {
  if (HWY_DYNAMIC_DISPATCH(CentreRow)(x, n, out)) return;
  const double mean = std::accumulate(x, x + n, 0.0) / static_cast<double>(n);
  std::transform(x, x + n, out,
                 [mean](float v) { return static_cast<float>(static_cast<double>(v) - mean); });
}
void swiglu_row(const float* gate, const float* up, int64_t n, float* out) {
  HWY_DYNAMIC_DISPATCH(SwigluRow)(gate, up, n, out);
}
void rope_head(float* x, const float* cosine, const float* sine, int64_t half) {
  HWY_DYNAMIC_DISPATCH(RopeHead)(x, cosine, sine, half);
}
void softmax_row(float* s, int64_t n) { HWY_DYNAMIC_DISPATCH(SoftmaxRow)(s, n); }
double dot(const float* x, const float* y, int64_t n) { return HWY_DYNAMIC_DISPATCH(Dot)(x, y, n); }
TileSums divergence_tile(const float* delta, const DivergenceOrigin& origin, const float* q,
                         const float* logits, int64_t n) {
  return HWY_DYNAMIC_DISPATCH(DivergenceTile)(delta, origin, q, logits, n);
}
std::string instruction_set() { return HWY_DYNAMIC_DISPATCH(TargetName)(); }

}  // namespace tugline::cpu
#endif
