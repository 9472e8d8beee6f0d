#include "tugline/backend/cpu/gelu_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tugline/backend/cpu/gelu_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h, which this header needs.
#include <hwy/contrib/math/math-inl.h>

#include "tugline/backend/cpu/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tugline::cpu::HWY_NAMESPACE {

// e^(-x^2 / 2)
HWY_INLINE V bell(V x) { return hn::Exp(F(), hn::Mul(hn::Mul(x, x), hn::Set(F(), -0.5f))); }

// Phi(-|x|) = e^(-x^2 / 2) t p(t) with t = 1 / (1 + 0.3 |x|): p interpolates Phi(-x) e^(x^2 / 2) / t at the
// Chebyshev nodes of 0 <= x <= 14, within 5e-9 of it. Beyond 14 e^(-x^2 / 2) is 0.
HWY_INLINE V tail(V x) {
  const F f;
  const V one = hn::Set(f, 1.0f);
  const V t = hn::Div(one, hn::MulAdd(hn::Set(f, 0.3f), hn::Abs(x), one));
  V p = hn::Set(f, -2.091435973e-02f);
  for (const float c :
       {1.140402721e-01f, -2.320384830e-01f, 1.969406771e-01f, -8.374254913e-02f, 9.848074025e-02f,
        7.758906435e-02f, 1.104051799e-01f, 1.195517632e-01f, 1.196876931e-01f})
    p = hn::MulAdd(p, t, hn::Set(f, c));
  return hn::Mul(bell(x), hn::Mul(t, p));
}

HWY_INLINE V normal_cdf(V x, V tail_of_x) {
  return hn::IfThenElse(hn::Lt(x, hn::Zero(F())), tail_of_x, hn::Sub(hn::Set(F(), 1.0f), tail_of_x));
}

// Up to here the series is used; the first term left out is below 1e-8 of the sum for |x| up to 6, and Phi's
// difference below 1e-9 beyond.
constexpr float kLargestOfSeries = 0.25f;

// Phi(x + d) - Phi(x) = d phi(m) (1 + He_2(m) e^2 / 3! + He_4(m) e^4 / 5! + ...) with m = x + d / 2, e = d /
// 2, He being Hermite's polynomials.
HWY_INLINE V small_cdf_difference(V x, V d) {
  const F f;
  const V e = hn::Mul(d, hn::Set(f, 0.5f));
  const V m = hn::Add(x, e);
  V before = hn::Zero(f);     // He_{n - 1}(m) e^{n - 1} / (n - 1)!
  V term = hn::Set(f, 1.0f);  // the same of n
  V sum = hn::Set(f, 1.0f);
  for (int n = 1; n <= 8; ++n) {
    const V next = hn::Mul(hn::Mul(e, hn::NegMulAdd(e, before, hn::Mul(m, term))),
                           hn::Set(f, 1.0f / static_cast<float>(n)));
    before = term;
    term = next;
    if (n % 2 == 0) sum = hn::MulAdd(term, hn::Set(f, 1.0f / static_cast<float>(n + 1)), sum);
  }
  constexpr float kDensityAtZero = 0.398942280401f;
  return hn::Mul(hn::Mul(d, hn::Set(f, kDensityAtZero)), hn::Mul(bell(m), sum));
}

// Phi(x + d) - Phi(x) for a larger d, from the tails: nothing is subtracted from 1 if x and x + d are on one
// side.
HWY_INLINE V large_cdf_difference(V x, V tail_of_x, V after) {
  const F f;
  const V zero = hn::Zero(f);
  const V one = hn::Set(f, 1.0f);
  const auto signed_tail = [&](V at, V its_tail) {
    return hn::IfThenElse(hn::Lt(at, zero), its_tail, hn::Neg(its_tail));
  };
  const auto side = [&](V at) { return hn::IfThenElseZero(hn::Ge(at, zero), one); };
  return hn::Add(hn::Sub(side(after), side(x)),
                 hn::Sub(signed_tail(after, tail(after)), signed_tail(x, tail_of_x)));
}

void GeluRow(const float* x, int64_t n, float* out) {
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V v = load(x + i, lanes);
    store(hn::Mul(v, normal_cdf(v, tail(v))), lanes, out + i);
  });
}

// d Phi(x) + (x + d) (Phi(x + d) - Phi(x))
void GeluDifferenceRow(const float* x, const float* d, int64_t n, float* out) {
  for_each_vector(n, [&](int64_t i, auto lanes) {
    const V base = load(x + i, lanes);
    const V change = load(d + i, lanes);
    const V after = hn::Add(base, change);
    const V tail_of_base = tail(base);
    V risen = small_cdf_difference(base, change);
    const auto large = hn::Gt(hn::Abs(change), hn::Set(F(), kLargestOfSeries));
    if (HWY_UNLIKELY(!hn::AllFalse(F(), large)))
      risen = hn::IfThenElse(large, large_cdf_difference(base, tail_of_base, after), risen);
    store(hn::MulAdd(change, normal_cdf(base, tail_of_base), hn::Mul(after, risen)), lanes, out + i);
  });
}

}  // namespace tugline::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tugline::cpu {

HWY_EXPORT(GeluRow);
HWY_EXPORT(GeluDifferenceRow);

void gelu_row(const float* x, int64_t n, float* out) { HWY_DYNAMIC_DISPATCH(GeluRow)(x, n, out); }
void gelu_difference_row(const float* x, const float* d, int64_t n, float* out) {
  HWY_DYNAMIC_DISPATCH(GeluDifferenceRow)(x, d, n, out);
}

}  // namespace tugline::cpu
#endif
