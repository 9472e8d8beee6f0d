#include "tugline/backend/cpu/source_rows.h"

#include <algorithm>
#include <vector>

#include "tugline/core/parallel_for.h"

namespace tugline::cpu {
namespace {

constexpr int64_t kRows = 64;  // a slice of a few hundred kilobytes: large enough to hide the scheduling

int64_t slices(int64_t rows) { return (rows + kRows - 1) / kRows; }

}  // namespace

void read_rows(const LinearSource& source, int64_t first, int64_t count, float* to) {
  parallel_for<Schedule::kDynamic>(slices(count), [&](int64_t slice) {
    const int64_t begin = slice * kRows;
    const int64_t rows = std::min(kRows, count - begin);
    source.fill_rows(first + begin, {to + begin * source.in, static_cast<size_t>(rows * source.in)});
  });
}

void for_each_slice(const LinearSource& source,
                    const std::function<void(int64_t begin, std::span<const float> rows)>& visit) {
  parallel_for_with<Schedule::kDynamic>(
      slices(source.out), [] { return std::vector<float>(); },
      [&](std::vector<float>& rows, int64_t slice) {
        const int64_t begin = slice * kRows;
        rows.resize(static_cast<size_t>(std::min(kRows, source.out - begin) * source.in));
        source.fill_rows(begin, rows);
        visit(begin, rows);
      });
}

}  // namespace tugline::cpu
