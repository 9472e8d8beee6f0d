#include "tugline/backend/cpu/vocabulary_sample.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tugline::cpu {
namespace {

class Sampler {
 public:
  Sampler(const SamplingBase& base, const TailSampling& sampling)
      : base_(base), sampling_(sampling), in_head_(base.squared_norms.size()), sizes_(in_head_.size()) {}

  VocabularySample sample() {
    double remainder = sampling_.head_remainder;
    for (choose_head(remainder); remainder < 1 && head_size() > sampling_.most_head; choose_head(remainder))
      remainder *= 2;
    const auto outside = static_cast<int64_t>(in_head_.size()) - head_size();
    if (outside <= sampling_.tail_tokens) {
      in_head_.assign(in_head_.size(), true);
    } else {
      measure_sizes();
      add_certain_tokens();
    }
    list_head();
    if (total_ > 0) draw_tail();
    return std::move(sample_);
  }

 private:
  [[nodiscard]] std::span<const float> row(std::span<const float> q, int64_t r) const {
    return q.subspan(static_cast<size_t>(r) * in_head_.size(), in_head_.size());
  }
  [[nodiscard]] int64_t draws() const { return sampling_.tail_tokens / kTailReplicates; }

  [[nodiscard]] int64_t head_size() const { return std::count(in_head_.begin(), in_head_.end(), true); }

  void choose_head(double remainder) {
    in_head_.assign(in_head_.size(), false);
    for (int64_t r = 0; r < base_.rows; ++r) {
      add_head_of(row(base_.q, r), remainder);
      if (!base_.undivided_q.empty()) add_head_of(row(base_.undivided_q, r), remainder);
    }
    for (const int32_t token : base_.certain)
      if (token != kNoTarget) in_head_[static_cast<size_t>(token)] = true;
  }

  // Tokens of less than remainder / vocabulary each hold less than the remainder together: they need not be
  // sorted.
  void add_head_of(std::span<const float> q, double remainder) {
    const double negligible = remainder / static_cast<double>(q.size());
    std::vector<std::pair<float, int32_t>>
        candidates;  // -q, token: the likeliest first, then the lowest token
    for (size_t v = 0; v < q.size(); ++v)
      if (q[v] >= negligible) candidates.emplace_back(-q[v], static_cast<int32_t>(v));
    std::sort(candidates.begin(), candidates.end());
    double left_out = 1;
    for (const auto& [minus_q, token] : candidates) {
      in_head_[static_cast<size_t>(token)] = true;
      left_out += minus_q;
      if (left_out <= remainder) break;
    }
  }

  void measure_sizes() {
    for (int64_t r = 0; r < base_.rows; ++r) {
      const std::span<const float> q = row(base_.q, r);
      for (size_t v = 0; v < q.size(); ++v) sizes_[v] += static_cast<double>(q[v]) * q[v];
    }
    for (size_t v = 0; v < sizes_.size(); ++v)
      sizes_[v] = in_head_[v] ? 0 : std::sqrt(sizes_[v]) * (base_.squared_norms[v] + base_.mean_squared_norm);
  }

  // A token that every replicate would draw at least once belongs to the head. Taking it out of the tail
  // makes others such tokens.
  void add_certain_tokens() {
    for (bool found = true; found;) {
      found = false;
      total_ = 0;
      for (const double size : sizes_) total_ += size;
      for (size_t v = 0; v < sizes_.size(); ++v) {
        if (sizes_[v] == 0 || sizes_[v] * static_cast<double>(draws()) < total_) continue;
        in_head_[v] = true;
        sizes_[v] = 0;
        found = true;
      }
    }
  }

  void list_head() {
    for (size_t v = 0; v < in_head_.size(); ++v)
      if (in_head_[v]) sample_.tokens.push_back(static_cast<int32_t>(v));
    sample_.head = static_cast<int64_t>(sample_.tokens.size());
    sample_.factors.assign(sample_.tokens.size(), 1.0f);
  }

  // Systematic: one random start a replicate, then equal steps along the tokens' sizes laid end to end.
  void draw_tail() {
    std::vector<double> ends(sizes_.size());
    double end = 0;
    for (size_t v = 0; v < ends.size(); ++v) ends[v] = end += sizes_[v];
    std::vector<double> starts(static_cast<size_t>(kTailReplicates));
    fill_uniforms(sampling_.stream, starts);
    const double step = end / static_cast<double>(draws());
    for (const double start : starts)
      for (int64_t i = 0; i < draws(); ++i) draw(ends, (start + static_cast<double>(i)) * step);
  }

  void draw(const std::vector<double>& ends, double at) {
    // The first token that ends beyond `at`: one of size 0 never does. Rounding must not lead beyond the
    // last.
    const auto found =
        std::upper_bound(ends.begin(), ends.end(), std::min(at, std::nextafter(ends.back(), 0)));
    const auto v = static_cast<size_t>(found - ends.begin());
    sample_.tokens.push_back(static_cast<int32_t>(v));
    const double expected_draws = static_cast<double>(sampling_.tail_tokens) * sizes_[v] / ends.back();
    sample_.factors.push_back(static_cast<float>(1 / expected_draws));
  }

  const SamplingBase& base_;
  const TailSampling& sampling_;
  std::vector<bool> in_head_;  // [vocabulary]
  std::vector<double> sizes_;  // [vocabulary]; 0 for the head's
  double total_ = 0;           // of the sizes
  VocabularySample sample_;
};

}  // namespace

std::vector<int64_t> VocabularySample::segment_ends() const {
  std::vector<int64_t> ends{head};
  const int64_t draws = (static_cast<int64_t>(tokens.size()) - head) / kTailReplicates;
  for (int64_t g = 0; g < kTailReplicates && draws > 0; ++g) ends.push_back(ends.back() + draws);
  return ends;
}

VocabularySample sample_vocabulary(const SamplingBase& base, const TailSampling& sampling) {
  return Sampler(base, sampling).sample();
}

}  // namespace tugline::cpu
