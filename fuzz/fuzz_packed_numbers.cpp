// The numbers of a run store's packed rows: none, or as many as the rows of the pushes need, which pack and
// unpack to the same bits. The input: the type, the bits of a number, how many pushes and rows, and the
// packed bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "tugline/store/number_packing.h"

namespace {

constexpr size_t kHeaderBytes = 4;

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < kHeaderBytes) return 0;
  const auto type = static_cast<tugline::RowType>(data[0] % 4);
  const auto bytes = std::as_bytes(std::span(data, size).subspan(kHeaderBytes));
  const tugline::PackedNumbers packed{
      .bits = data[1] % 128, .is_deflated = data[1] >= 128, .bytes = {bytes.begin(), bytes.end()}};
  const size_t pushes = 1 + data[2];
  const size_t rows = data[3];
  const auto numbers = tugline::unpacked_numbers(packed, pushes, rows, type);
  if (!numbers || numbers->empty()) return 0;
  if (numbers->size() % (pushes * rows) != 0) std::abort();
  const auto again =
      tugline::unpacked_numbers(tugline::packed_numbers(*numbers, pushes, type), pushes, rows, type);
  if (!again || !same_bits(*numbers, *again)) std::abort();
  return 0;
}
