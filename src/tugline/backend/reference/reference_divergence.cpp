// The divergence of docs/method.md in f64, row by row.
#include "tugline/backend/f64_row.h"
#include "tugline/backend/reference/reference_ops.h"
#include "tugline/core/parallel_for.h"

namespace tugline::reference {
namespace {

// Tokens times rows below which waking threads takes longer than they save.
constexpr int64_t kWorthThreads = int64_t{1} << 14;

}  // namespace

std::unique_ptr<Readout> make_readout(const Weight& head, const ConstMatrix& x,
                                      std::span<const int32_t> targets, const ReadoutSettings& settings) {
  const int64_t vocabulary = head.source.out;
  auto readout = std::make_unique<ReferenceReadout>();
  readout->rows = x.rows;
  readout->asked = settings.asked;
  readout->targets.assign(targets.begin(), targets.end());
  std::vector<double> logits(static_cast<size_t>(x.rows * vocabulary));
  linear(x, head, view_of(logits.data(), x.rows, vocabulary), Accumulate::kNo);
  readout->base.resize(static_cast<size_t>(x.rows));
  parallel_for(
      x.rows,
      [&](int64_t r) {
        readout->base[static_cast<size_t>(r)] = f64_base(
            {logits.begin() + r * vocabulary, logits.begin() + (r + 1) * vocabulary}, settings.temperature);
      },
      x.rows * vocabulary > kWorthThreads ? Team::kAll : Team::kOne);
  return readout;
}

void divergence(const Weight& head, const ReferenceReadout& base, const ConstMatrix& dx,
                std::span<RowResponse> out) {
  constexpr int64_t kRows = 32;  // logits held at once
  const int64_t vocabulary = head.source.out;
  std::vector<double> delta(static_cast<size_t>(kRows * vocabulary));
  std::vector<F64Row> rows(static_cast<size_t>(kRows));
  for (int64_t begin = 0; begin < dx.rows; begin += kRows) {
    const int64_t count = std::min(kRows, dx.rows - begin);
    linear(dx.row_range(begin, count), head, view_of(delta.data(), count, vocabulary), Accumulate::kNo);
    const auto chunk = std::span(rows).first(static_cast<size_t>(count));
    f64_rows({base.base, base.targets, base.asked},
             std::span<const double>(delta).first(static_cast<size_t>(count * vocabulary)), begin, chunk);
    for (size_t r = 0; r < chunk.size(); ++r)
      out[static_cast<size_t>(begin) + r] = std::move(chunk[r].response);
  }
}

// In f64 the difference of two logits is exact enough, so this is the divergence of x minus the base's rows.
void compare(const Weight& head, const ConstMatrix& x, std::span<const int32_t> targets,
             const ReadoutSettings& settings, std::span<RowResponse> out) {
  const auto rows = static_cast<int64_t>(targets.size());
  const ConstMatrix base = x.row_range(0, rows);
  std::vector<double> differences;
  for (int64_t r = rows; r < x.rows; ++r)
    for (int64_t c = 0; c < x.columns; ++c) differences.push_back(row(x, r)[c] - row(base, r % rows)[c]);
  const auto readout = make_readout(head, base, targets, settings);
  divergence(head, dynamic_cast<const ReferenceReadout&>(*readout),
             view_of(differences.data(), x.rows - rows, x.columns), out);
}

}  // namespace tugline::reference
