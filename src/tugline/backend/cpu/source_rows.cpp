#include "tugline/backend/cpu/source_rows.h"

#include <algorithm>
#include <vector>

#include "tugline/core/first_error.h"

namespace tugline::cpu {
namespace {

constexpr int64_t kRows = 64;  // a slice of a few hundred kilobytes: large enough to hide the scheduling

}  // namespace

void read_rows(const LinearSource& source, int64_t first, int64_t count, float* to) {
  FirstError error;
#pragma omp parallel for schedule(dynamic)
  for (int64_t begin = 0; begin < count; begin += kRows) {
    const int64_t rows = std::min(kRows, count - begin);
    error.guard([&] {
      source.fill_rows(first + begin, {to + begin * source.in, static_cast<size_t>(rows * source.in)});
    });
  }
  error.rethrow();
}

void for_each_slice(const LinearSource& source,
                    const std::function<void(int64_t begin, std::span<const float> rows)>& visit) {
  FirstError error;
#pragma omp parallel
  {
    std::vector<float> rows;
#pragma omp for schedule(dynamic)
    for (int64_t begin = 0; begin < source.out; begin += kRows) {
      error.guard([&] {
        rows.resize(static_cast<size_t>(std::min(kRows, source.out - begin) * source.in));
        source.fill_rows(begin, rows);
        visit(begin, rows);
      });
    }
  }
  error.rethrow();
}

}  // namespace tugline::cpu
