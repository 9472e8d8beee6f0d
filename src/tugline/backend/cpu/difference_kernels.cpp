#include "tugline/backend/cpu/difference_kernels.h"

#include <limits>

#include "tugline/backend/cpu/wide_norms.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tugline/backend/cpu/difference_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h, which this header needs.
#include <hwy/contrib/math/math-inl.h>

#include "tugline/backend/cpu/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tugline::cpu::HWY_NAMESPACE {

struct NormRoots {
  float before;  // sqrt(mean(h^2) + eps)
  float eps;
};

// For a d that takes most of h away: there sums over h and d apart would cancel, and norm(h + d) - norm(h)
// does not.
void RmsNormLargeDifference(const float* h, const float* d, const float* weight, int64_t n,
                            const NormRoots& roots, float* out) {
  V squares = hn::Zero(F());
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V moved = hn::Add(load(h + i, lanes), load(d + i, lanes));
    squares = hn::MulAdd(moved, moved, squares);
  });
  const V before = hn::Set(F(), roots.before);
  const V after = hn::Sqrt(hn::Set(F(), sum_lanes(squares) / static_cast<float>(n) + roots.eps));
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V base = load(h + i, lanes);
    const V change = hn::Sub(hn::Div(hn::Add(base, load(d + i, lanes)), after), hn::Div(base, before));
    store(hn::Mul(change, load(weight + i, lanes)), lanes, out + i);
  });
}

// Returns false and writes nothing if f32 cannot hold the squares.
bool RmsNormDifferenceRow(const float* h, const float* d, const float* weight, int64_t n, float eps,
                          float* out) {
  const F f;
  V hh = hn::Zero(f);
  V hd = hn::Zero(f);
  V dd = hn::Zero(f);
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V base = load(h + i, lanes);
    const V change = load(d + i, lanes);
    hh = hn::MulAdd(base, base, hh);
    hd = hn::MulAdd(base, change, hd);
    dd = hn::MulAdd(change, change, dd);
  });
  const float base_squares = sum_lanes(hh);
  const float change_squares = sum_lanes(dd);
  if (!f32_holds_cubes(base_squares) || !f32_holds_squares(change_squares)) return false;
  const float count = static_cast<float>(n);
  const float mean_square = base_squares / count + eps;
  const float m = (2 * sum_lanes(hd) + change_squares) / count;
  const float before = hn::GetLane(hn::Sqrt(hn::Set(F(), mean_square)));
  if (m < -0.5f * mean_square) {
    RmsNormLargeDifference(h, d, weight, n, {before, eps}, out);
    return true;
  }
  const float after = hn::GetLane(hn::Sqrt(hn::Set(F(), mean_square + m)));
  const V inverse = hn::Set(F(), 1.0f / after);
  const V pull = hn::Set(F(), m / (before * after * (before + after)));
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V change = hn::NegMulAdd(load(h + i, lanes), pull, hn::Mul(load(d + i, lanes), inverse));
    store(hn::Mul(change, load(weight + i, lanes)), lanes, out + i);
  });
  return true;
}

// Highway's Exp is defined up to 104 only, and e^88.7 is f32's largest. What is beyond belongs to keys that
// have no weight.
constexpr float kLargestExponent = 88.0f;

// e^x - 1; below kSeriesLimit by its series, which keeps the relative precision of small x.
HWY_INLINE V expm1_of(V x) {
  const auto large = hn::Ge(hn::Abs(x), hn::Set(F(), kSeriesLimit));
  const V small = small_expm1(x);
  if (HWY_LIKELY(hn::AllFalse(F(), large))) return small;
  return hn::IfThenElse(
      large, hn::Sub(hn::Exp(F(), hn::Min(x, hn::Set(F(), kLargestExponent))), hn::Set(F(), 1.0f)), small);
}

struct ScoreChanges {
  float mean;     // sum P ds
  float largest;  // of the keys that have weight
};

HWY_INLINE ScoreChanges survey(const float* p, const float* s, int64_t n) {
  V sum = hn::Zero(F());
  V largest = hn::Set(F(), -std::numeric_limits<float>::infinity());
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V weight = load(p + i, lanes);
    const V change = load(s + i, lanes);
    sum = hn::MulAdd(weight, change, sum);
    largest = hn::Max(largest, hn::IfThenElse(hn::Gt(weight, hn::Zero(F())), change, largest));
  });
  return {sum_lanes(sum), hn::GetLane(hn::MaxOfLanes(F(), largest))};
}

// P' = P e^(s - max) / sum and dP = P' - P, for score differences whose exponential would overflow; no small
// numbers cancel there.
void LargeSoftmaxDifference(const float* p, float* s, float largest, int64_t n) {
  V total = hn::Zero(F());
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V exponent = hn::Min(hn::Sub(load(s + i, lanes), hn::Set(F(), largest)), hn::Zero(F()));
    const V weight = hn::Mul(load(p + i, lanes), hn::Exp(F(), exponent));
    store(weight, lanes, s + i);
    total = hn::Add(total, or_else(weight, lanes, hn::Zero(F())));
  });
  const V inverse = hn::Set(F(), 1.0f / sum_lanes(total));
  for_each_vector(n, [&](int64_t i, auto lanes) {
    store(hn::MulSub(load(s + i, lanes), inverse, load(p + i, lanes)), lanes, s + i);
  });
}

// Subtracts the mean under P first, because a change that all scores share has no effect. Then E_P[e^ds] >=
// 1, and 1 + z never cancels.
void SoftmaxDifferenceRow(const float* p, float* s, int64_t n) {
  const ScoreChanges changes = survey(p, s, n);
  if (changes.largest - changes.mean > 30.0f) return LargeSoftmaxDifference(p, s, changes.largest, n);
  const V shared = hn::Set(F(), changes.mean);
  V sum = hn::Zero(F());
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V e = expm1_of(hn::Sub(load(s + i, lanes), shared));
    store(e, lanes, s + i);
    sum = hn::MulAdd(load(p + i, lanes), e, sum);
  });
  const float z = sum_lanes(sum);
  const V mean = hn::Set(F(), z);
  const V inverse = hn::Set(F(), 1.0f / (1.0f + z));
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V change = hn::Mul(load(p + i, lanes), hn::Sub(load(s + i, lanes), mean));
    store(hn::Mul(change, inverse), lanes, s + i);
  });
}

// sigma(g + d) = sigma(g) / (sigma(g) + sigma(-g) e^-d), and its change is -sigma(g + d) sigma(-g) (e^-d -
// 1).
HWY_INLINE V silu_difference(V gate, V d, V sigma, V sigma_minus) {
  // Beyond +-80, e^-d leaves f32; sigma(g + d) is 0 or 1 there for any gate that a model has.
  const V minus = hn::Min(hn::Max(hn::Neg(d), hn::Set(F(), -80.0f)), hn::Set(F(), 80.0f));
  const auto large = hn::Ge(hn::Abs(minus), hn::Set(F(), kSeriesLimit));
  V e_minus_one = small_expm1(minus);
  V e = hn::Add(e_minus_one, hn::Set(F(), 1.0f));
  if (HWY_UNLIKELY(!hn::AllFalse(F(), large))) {
    e = hn::IfThenElse(large, hn::Exp(F(), minus), e);
    e_minus_one = hn::IfThenElse(large, hn::Sub(e, hn::Set(F(), 1.0f)), e_minus_one);
  }
  const V after = hn::Div(sigma, hn::MulAdd(sigma_minus, e, sigma));
  const V d_sigma = hn::Neg(hn::Mul(hn::Mul(after, sigma_minus), e_minus_one));
  return hn::MulAdd(gate, d_sigma, hn::Mul(d, after));
}

void SwigluDifferenceRow(const SwigluBaseRow& base, const float* d_gate, const float* d_up, int64_t n,
                         float* out) {
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V gate = load(base.gate + i, lanes);
    const V sigma = load(base.sigma + i, lanes);
    const V up_change = load(d_up + i, lanes);
    const V change = silu_difference(gate, load(d_gate + i, lanes), sigma, load(base.sigma_minus + i, lanes));
    const V up = hn::Add(load(base.up + i, lanes), up_change);
    store(hn::MulAdd(change, up, hn::Mul(hn::Mul(gate, sigma), up_change)), lanes, out + i);
  });
}

void AddRows(const float* x, const float* y, int64_t n, float* out) {
  for_each_vector(n, [&](int64_t i, auto lanes) {
    store(hn::Add(load(x + i, lanes), load(y + i, lanes)), lanes, out + i);
  });
}

}  // namespace tugline::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tugline::cpu {

HWY_EXPORT(RmsNormDifferenceRow);
HWY_EXPORT(SoftmaxDifferenceRow);
HWY_EXPORT(SwigluDifferenceRow);
HWY_EXPORT(AddRows);

void rms_norm_difference_row(const float* h, const float* d, const float* weight, int64_t n, float eps,
                             float* out) {
  if (!HWY_DYNAMIC_DISPATCH(RmsNormDifferenceRow)(h, d, weight, n, eps, out))
    wide_rms_norm_difference_row(h, d, weight, n, eps, out);
}
void softmax_difference_row(const float* p, float* s, int64_t n) {
  HWY_DYNAMIC_DISPATCH(SoftmaxDifferenceRow)(p, s, n);
}
void swiglu_difference_row(const SwigluBaseRow& base, const float* d_gate, const float* d_up, int64_t n,
                           float* out) {
  HWY_DYNAMIC_DISPATCH(SwigluDifferenceRow)(base, d_gate, d_up, n, out);
}
void add_rows(const float* x, const float* y, int64_t n, float* out) {
  HWY_DYNAMIC_DISPATCH(AddRows)(x, y, n, out);
}

}  // namespace tugline::cpu
#endif
