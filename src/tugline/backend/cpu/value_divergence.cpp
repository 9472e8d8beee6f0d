#include "tugline/backend/cpu/value_divergence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tugline/backend/cpu/row.h"
#include "tugline/backend/most_moved.h"
#include "tugline/core/parallel_for.h"

namespace tugline::cpu {
namespace {

// One row's softmax, gathered tile by tile.
struct Normaliser {
  float largest = -std::numeric_limits<float>::infinity();  // logit, divided by the temperature
  double sum = 0;                                           // of e^(logit - largest)
  float log_sum = 0;                                        // once all tiles are in
  float top_logit = largest;  // before the temperature, which cannot change the order
  int64_t top = 0;            // the first token that has it
  float first_answer = 0;     // the answers' logits, before the temperature
  float second_answer = 0;

  void note_top(const float* logits, int64_t n, int64_t first_token) {
    const float* found = std::max_element(logits, logits + n);
    if (*found <= top_logit) return;
    top_logit = *found;
    top = first_token + (found - logits);
  }
  void add(const float* logits, int64_t n) {
    const float found = *std::max_element(logits, logits + n);
    if (found > largest) {
      sum *= std::exp(static_cast<double>(largest) - static_cast<double>(found));
      largest = found;
    }
    for (int64_t i = 0; i < n; ++i) sum += std::exp(logits[i] - largest);
  }
  // In f32, as log_softmax returns it.
  [[nodiscard]] float log_probability(float logit) const { return (logit - largest) - log_sum; }
};

class Comparison {
 public:
  Comparison(const CpuHead& head, const ConstMatrix& x, std::span<const int32_t> targets,
             LogitSettings settings)
      : head_(head),
        x_(x),
        targets_(targets),
        settings_(settings),
        rows_(static_cast<int64_t>(targets.size())),
        normalisers_(static_cast<size_t>(x.rows)),
        moved_(static_cast<size_t>(x.rows - rows_), MostMoved(settings.asked.moved)) {}

  // Two walks over the vocabulary: a log-probability needs all of its row's logits, and those of a batch are
  // too many to keep.
  void run(std::span<RowResponse> out) {
    for_each_tile([&](const Matrix& logits, int64_t r, int64_t /*first*/) {
      normaliser(r).add(row(logits, r), logits.columns);
    });
    for (Normaliser& row : normalisers_) row.log_sum = static_cast<float>(std::log(row.sum));
    for (int64_t r = rows_; r < x_.rows; ++r) out[static_cast<size_t>(r - rows_)] = start(r);
    for_each_tile([&](const Matrix& logits, int64_t r, int64_t first) {
      if (r >= rows_) add(out[static_cast<size_t>(r - rows_)], logits, r, first);
    });
    for (size_t i = 0; i < moved_.size(); ++i) {
      out[i].rose = moved_[i].take_rose();
      out[i].fell = moved_[i].take_fell();
    }
  }

 private:
  // visit(the tile's logits, a row, the tile's first token), rows in parallel.
  template <typename Visit>
  void for_each_tile(Visit visit) {
    int64_t first = 0;
    for (const auto& tile : head_.tiles) {
      const Matrix logits = head_.room.matrix(x_.rows, tile->out_size());
      tile->run(x_, logits, Accumulate::kNo);
      parallel_for(x_.rows, [&](int64_t r) { finish_logits(row(logits, r), logits.columns, r, first); });
      parallel_for(x_.rows, [&](int64_t r) { visit(logits, r, first); });
      first += logits.columns;
    }
  }

  void finish_logits(float* logits, int64_t width, int64_t r, int64_t first_token) {
    if (settings_.stores == Stores::kRoundedToBf16) round_to_bf16_row(logits, width, logits);
    normaliser(r).note_top(logits, width, first_token);
    if (settings_.asked.answers) note_answers(logits, width, r, first_token);
    if (settings_.temperature == 1) return;
    const auto inverse = static_cast<float>(1 / settings_.temperature);
    for (int64_t i = 0; i < width; ++i) logits[i] *= inverse;
  }

  void note_answers(const float* logits, int64_t width, int64_t r, int64_t first_token) {
    const auto& [first, second] = *settings_.asked.answers;
    if (first >= first_token && first < first_token + width)
      normaliser(r).first_answer = logits[first - first_token];
    if (second >= first_token && second < first_token + width)
      normaliser(r).second_answer = logits[second - first_token];
  }

  Normaliser& normaliser(int64_t r) { return normalisers_[static_cast<size_t>(r)]; }

  RowResponse start(int64_t r) {
    const Normaliser& p = normaliser(r);
    const Normaliser& q = normaliser(r % rows_);
    return {.delta_logprob = std::numeric_limits<double>::quiet_NaN(),
            .top1_flip = flag(p.top != q.top),
            .answer_change = (p.first_answer - p.second_answer) - (q.first_answer - q.second_answer)};
  }

  void add(RowResponse& response, const Matrix& logits, int64_t r, int64_t first_token) {
    const float* pushed = row(logits, r);
    const float* base = row(logits, r % rows_);
    const Normaliser& q = normaliser(r % rows_);
    const Normaliser& p = normaliser(r);
    for (int64_t i = 0; i < logits.columns; ++i) {
      const float log_q = q.log_probability(base[i]);
      const float log_p = p.log_probability(pushed[i]);
      const float change = log_p - log_q;
      const float p_token = std::exp(log_p);
      const float q_token = std::exp(log_q);
      const float log_mean = std::log((p_token + q_token) / 2);
      response.kl += static_cast<double>(p_token * change);
      response.kl_reverse -= static_cast<double>(q_token * change);
      if (p_token > 0) response.js += static_cast<double>(p_token * (log_p - log_mean)) / 2;
      if (q_token > 0) response.js += static_cast<double>(q_token * (log_q - log_mean)) / 2;
      response.total_variation += static_cast<double>(std::abs(p_token - q_token)) / 2;
      response.entropy_change += static_cast<double>(q_token * log_q - p_token * log_p);
      if (settings_.asked.moved > 0)
        moved_[static_cast<size_t>(r - rows_)].add(static_cast<int32_t>(first_token + i), p_token - q_token);
    }
    const int64_t target = targets_[static_cast<size_t>(r % rows_)] - first_token;
    if (target >= 0 && target < logits.columns)
      response.delta_logprob = p.log_probability(pushed[target]) - q.log_probability(base[target]);
  }

  const CpuHead& head_;
  ConstMatrix x_;
  std::span<const int32_t> targets_;
  LogitSettings settings_;
  int64_t rows_;
  std::vector<Normaliser> normalisers_;  // [x.rows]
  std::vector<MostMoved> moved_;         // [x.rows - rows_]
};

}  // namespace

void value_divergence(const CpuHead& head, const ConstMatrix& x, std::span<const int32_t> targets,
                      LogitSettings settings, std::span<RowResponse> out) {
  Comparison(head, x, targets, settings).run(out);
}

}  // namespace tugline::cpu
