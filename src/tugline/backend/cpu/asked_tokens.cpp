#include "tugline/backend/cpu/asked_tokens.h"

#include <cmath>

#include "tugline/backend/cpu/row.h"
#include "tugline/backend/most_moved.h"
#include "tugline/core/parallel_for.h"

namespace tugline::cpu {
namespace {

// Adds a tile's tokens. Most are passed over by a bound on |e^u - 1| that needs no exponential: |u| below
// 0, 1.72 u up to 1.
void add_tile(MostMoved& found, const RowChange& change, double scale, std::span<const float> q,
              const float* delta, int64_t first_token) {
  for (size_t i = 0; i < q.size(); ++i) {
    const double u = scale * static_cast<double>(delta[i]) - static_cast<double>(change.shift) - change.log_z;
    const double probability = static_cast<double>(q[i]);
    if (u < 0 ? probability * -u <= found.least_fall()
              : u < 1 && probability * 1.72 * u <= found.least_rise())
      continue;
    found.add(static_cast<int32_t>(first_token) + static_cast<int32_t>(i), probability * std::expm1(u));
  }
}

}  // namespace

std::vector<double> answer_direction(const CpuHead& head, const AnswerPair& answers) {
  const auto hidden = static_cast<size_t>(head.source.in);
  std::vector<float> first(hidden);
  std::vector<float> second(hidden);
  head.source.fill_rows(answers.first, first);
  head.source.fill_rows(answers.second, second);
  std::vector<double> direction(hidden);
  for (size_t i = 0; i < hidden; ++i)
    direction[i] = static_cast<double>(first[i]) - static_cast<double>(second[i]);
  return direction;
}

void set_answer_changes(const CpuReadout& base, const ConstMatrix& dx, std::span<RowResponse> out) {
  if (base.answer_direction.empty()) return;
  for (int64_t r = 0; r < dx.rows; ++r) {
    const float* moved = row(dx, r);
    double sum = 0;
    for (int64_t i = 0; i < dx.columns; ++i)
      sum += base.answer_direction[static_cast<size_t>(i)] * static_cast<double>(moved[i]);
    out[static_cast<size_t>(r)].answer_change = sum;
  }
}

void set_moved_tokens(const CpuHead& head, const CpuReadout& base, const ConstMatrix& operand,
                      std::span<const std::optional<RowChange>> changes, std::span<RowResponse> out) {
  if (base.asked.moved == 0) return;
  std::vector<MostMoved> found(changes.size(), MostMoved(base.asked.moved));
  const auto vocabulary = static_cast<size_t>(base.walked.count);
  int64_t first = 0;
  for (const auto& tile : head.tiles) {
    const int64_t width = tile->out_size();
    const Matrix delta = head.room.matrix(operand.rows, width);
    tile->run_difference(operand, delta, Accumulate::kNo);
    parallel_for(operand.rows, [&](int64_t r) {
      const auto at = static_cast<size_t>(r);
      if (!changes[at]) return;
      const size_t offset = static_cast<size_t>(r % base.rows) * vocabulary + static_cast<size_t>(first);
      add_tile(found[at], *changes[at], base.scale,
               {base.walked.q.data() + offset, static_cast<size_t>(width)}, row(delta, r), first);
    });
    first += width;
  }
  for (size_t r = 0; r < found.size(); ++r) {
    if (!changes[r]) continue;
    out[r].rose = found[r].take_rose();
    out[r].fell = found[r].take_fell();
  }
}

}  // namespace tugline::cpu
