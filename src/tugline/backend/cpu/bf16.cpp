#include "tugline/backend/cpu/bf16.h"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tugline/backend/cpu/bf16.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h, which this header needs.
#include "tugline/backend/cpu/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tugline::cpu::HWY_NAMESPACE {

using Bits = hn::RebindToUnsigned<F>;

// The rounded upper half of each f32; the lower half is 0. It adds just under half of the upper half's last
// place, or exactly half if that place is odd. The carry goes into the exponent if necessary, and from the
// largest number to infinity.
HWY_INLINE hn::Vec<Bits> rounded_bits(V v) {
  const Bits u;
  const auto bits = hn::BitCast(u, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(u, 1));
  const auto carried = hn::Add(bits, hn::Add(odd, hn::Set(u, 0x7fff)));
  const auto quiet_nan = hn::Or(bits, hn::Set(u, 0x00400000));  // whose payload must not carry
  const auto chosen = hn::IfThenElse(hn::RebindMask(u, hn::IsNaN(v)), quiet_nan, carried);
  return hn::And(chosen, hn::Set(u, 0xffff0000));
}

void RoundRow(const float* x, int64_t n, float* out) {
  for_each_vector(n, [&](int64_t i, auto lanes) {
    store(hn::BitCast(F(), rounded_bits(load(x + i, lanes))), lanes, out + i);
  });
}

HWY_INLINE void pack_vector(V v, uint16_t* out) {
  const hn::RebindToSigned<F> wide;
  const hn::Rebind<uint16_t, F> narrow;
  hn::StoreU(hn::DemoteTo(narrow, hn::BitCast(wide, hn::ShiftRight<16>(rounded_bits(v)))), narrow, out);
}

void PackRow(const float* x, int64_t n, uint16_t* out) {
  const auto width = static_cast<int64_t>(hn::Lanes(F()));
  int64_t i = 0;
  for (; i + width <= n; i += width) pack_vector(hn::LoadU(F(), x + i), out + i);
  if (i == n) return;
  std::array<uint16_t, HWY_MAX_BYTES / sizeof(float)> last;
  pack_vector(load(x + i, FirstLanes{hn::FirstN(F(), static_cast<size_t>(n - i))}), last.data());
  std::copy_n(last.begin(), n - i, out + i);
}

}  // namespace tugline::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tugline::cpu {

HWY_EXPORT(RoundRow);
HWY_EXPORT(PackRow);

void round_to_bf16_row(const float* x, int64_t n, float* out) { HWY_DYNAMIC_DISPATCH(RoundRow)(x, n, out); }
void pack_bf16_row(const float* x, int64_t n, uint16_t* out) { HWY_DYNAMIC_DISPATCH(PackRow)(x, n, out); }

LinearSource rounded_to_bf16(LinearSource source) {
  round_to_bf16_row(source.bias.data(), static_cast<int64_t>(source.bias.size()), source.bias.data());
  source.fill_rows = [fill = std::move(source.fill_rows)](int64_t begin, std::span<float> out) {
    fill(begin, out);
    round_to_bf16_row(out.data(), static_cast<int64_t>(out.size()), out.data());
  };
  return source;
}

}  // namespace tugline::cpu
#endif
