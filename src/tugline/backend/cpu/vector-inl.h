// Loops over contiguous f32, one vector at a time, for files that Highway compiles once for each target
// (kernels.cpp, difference_kernels.cpp), and the series that keeps small exponentials exact. Whole vectors
// use plain loads and stores. Only a row's last, partial vector uses a mask, because masked stores cost tens
// of cycles on some processors.
#if defined(TUGLINE_BACKEND_CPU_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TUGLINE_BACKEND_CPU_VECTOR_INL_H_
#undef TUGLINE_BACKEND_CPU_VECTOR_INL_H_
#else
#define TUGLINE_BACKEND_CPU_VECTOR_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace tugline::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using F = hn::ScalableTag<float>;
using V = hn::Vec<F>;

// The lanes of a vector that belong to the row: all, or those of a mask.
struct AllLanes {};
struct FirstLanes {
  hn::Mask<F> mask;
};

HWY_INLINE V load(const float* p, AllLanes) { return hn::LoadU(F(), p); }
HWY_INLINE V load(const float* p, FirstLanes lanes) { return hn::MaskedLoad(lanes.mask, F(), p); }
HWY_INLINE void store(V v, AllLanes, float* p) { hn::StoreU(v, F(), p); }
HWY_INLINE void store(V v, FirstLanes lanes, float* p) { hn::BlendedStore(v, lanes.mask, F(), p); }
// v in lanes that belong to the row, `other` in the rest.
HWY_INLINE V or_else(V v, AllLanes, V /*other*/) { return v; }
HWY_INLINE V or_else(V v, FirstLanes lanes, V other) { return hn::IfThenElse(lanes.mask, v, other); }

// Calls body(offset, lanes) for each vector of n elements.
template <typename Body>
HWY_INLINE void for_each_vector(int64_t n, Body body) {
  const F f;
  const auto width = static_cast<int64_t>(hn::Lanes(f));
  int64_t i = 0;
  for (; i + width <= n; i += width) body(i, AllLanes());
  if (i < n) body(i, FirstLanes{hn::FirstN(f, static_cast<size_t>(n - i))});
}

HWY_INLINE float sum_lanes(V v) { return hn::GetLane(hn::SumOfLanes(F(), v)); }

// Below this |d| the series is used; its first omitted term is then below 1e-8 of the sum.
constexpr float kSeriesLimit = 0.5f;

// (e^d - 1 - d) / d^2 as sum d^k / (k + 2)!
HWY_INLINE V backward_series(V d) {
  const F f;
  V p = hn::Set(f, 1.0f / 362880.0f);
  for (const float c :
       {1.0f / 40320.0f, 1.0f / 5040.0f, 1.0f / 720.0f, 1.0f / 120.0f, 1.0f / 24.0f, 1.0f / 6.0f, 0.5f})
    p = hn::MulAdd(p, d, hn::Set(f, c));
  return p;
}

// e^d - 1 for |d| < kSeriesLimit.
HWY_INLINE V small_expm1(V d) { return hn::MulAdd(hn::Mul(d, d), backward_series(d), d); }

}  // namespace tugline::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
