// Base distributions: of the whole vocabulary, and what a walk passes of it.
#include <algorithm>
#include <cmath>

#include "tugline/backend/cpu/attention_tasks.h"
#include "tugline/backend/cpu/cpu_divergence.h"
#include "tugline/backend/cpu/kernels.h"
#include "tugline/backend/cpu/source_rows.h"
#include "tugline/backend/cpu/vocabulary_sample.h"

namespace tugline::cpu {
namespace {

double log_sum_exp(std::span<const float> x) {
  const double largest = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const float v : x) sum += std::exp(static_cast<double>(v) - largest);
  return largest + std::log(sum);
}

// What walks first, of every readout: enough for E_q[e^d] to within a few percent of what it differs from 1 by, few enough to cost
// next to nothing. On real text (SmolLM2, epsilons 0.1 to 20) 1 row in 200 walks again; a pilot of twice the tokens costs more than it saves.
constexpr TailSampling kPilot{.head_remainder = 0.1, .most_head = 512, .tail_tokens = 512, .stream = {}};

// q and log_q from logits in log_q, the most likely token and the entropy.
void normalise_row(const CpuHead& head, size_t r, WalkedTokens& all, CpuReadout& base) {
  const auto vocabulary = static_cast<size_t>(head.source.out);
  const std::span<float> log_q(all.log_q.data() + r * vocabulary, vocabulary);
  const std::span<float> q(all.q.data() + r * vocabulary, vocabulary);
  for (float& v : log_q) v *= base.scale;
  const double normaliser = log_sum_exp(log_q);
  double entropy = 0;
  for (size_t v = 0; v < vocabulary; ++v) {
    const double log_probability = static_cast<double>(log_q[v]) - normaliser;
    const double probability = std::exp(log_probability);
    entropy -= probability * log_probability;
    log_q[v] = static_cast<float>(log_probability);
    q[v] = static_cast<float>(probability);
  }
  base.entropy[r] = static_cast<float>(entropy);
  all.top[r] = static_cast<int32_t>(std::max_element(log_q.begin(), log_q.end()) - log_q.begin());
}

// E_q[W_U], which centres delta: one product of q with W_U, block by block of tokens, read from the files as they are wanted.
void average_unembed(const CpuHead& head, const WalkedTokens& all, CpuReadout& base) {
  const LinearSource unembed = head.for_differences();
  const int64_t hidden = unembed.in;
  std::vector<float> block(static_cast<size_t>(CpuHead::kTile * hidden));
  for (int64_t first = 0; first < all.count; first += CpuHead::kTile) {
    const int64_t width = std::min(CpuHead::kTile, all.count - first);
    read_rows(unembed, first, width, block.data());
    multiply(Transpose::kNo, {base.rows, hidden, width, 1.0f, first > 0 ? 1.0f : 0.0f},
             {const_cast<float*>(all.q.data()) + first, all.count}, {block.data(), hidden},
             {base.mean_unembed.data(), hidden});
  }
}

VocabularySample choose_tokens(const CpuHead& head, const CpuReadout& base, const WalkedTokens& all,
                               const TailSampling& sampling) {
  const auto size = static_cast<int64_t>(base.mean_unembed.size());
  return sample_vocabulary(
      {.q = all.q,
       .rows = base.rows,
       .targets = base.targets,
       .squared_norms = head.squared_norms(),
       .mean_squared_norm =
           dot(base.mean_unembed.data(), base.mean_unembed.data(), size) / static_cast<double>(base.rows)},
      sampling);
}

// The column of a token of the head: the sample's tokens begin with the head's, ascending.
int32_t column_of(const VocabularySample& sample, int32_t token) {
  if (token == kNoTarget) return kNoTarget;
  const auto end = sample.tokens.begin() + static_cast<std::ptrdiff_t>(sample.head);
  return static_cast<int32_t>(std::lower_bound(sample.tokens.begin(), end, token) - sample.tokens.begin());
}

// W_U's rows of the tokens, in their order.
LinearSource gathered(const LinearSource& source, const std::vector<int32_t>& tokens) {
  const auto in = static_cast<size_t>(source.in);
  return {.out = static_cast<int64_t>(tokens.size()),
          .in = source.in,
          .fill_rows =
              [&source, &tokens, in](int64_t begin, std::span<float> out) {
                for (size_t i = 0; i < out.size() / in; ++i)
                  source.fill_rows(tokens[static_cast<size_t>(begin) + i], out.subspan(i * in, in));
              },
          .bias = {}};
}

// The tokens of a sample, of those of the whole vocabulary.
WalkedTokens sampled(const CpuHead& head, const CpuReadout& base, const WalkedTokens& all,
                     const TailSampling& sampling) {
  const VocabularySample sample = choose_tokens(head, base, all, sampling);
  WalkedTokens walked;
  walked.own_tiles = head.pack(gathered(head.source, sample.tokens), Operands::kDifferences);
  walked.tiles = walked.own_tiles;
  walked.count = static_cast<int64_t>(sample.tokens.size());
  walked.segment_ends = sample.segment_ends();
  for (size_t r = 0; r < all.top.size(); ++r) {
    walked.top.push_back(column_of(sample, all.top[r]));
    walked.targets.push_back(column_of(sample, base.targets[r]));
    for (size_t i = 0; i < sample.tokens.size(); ++i) {
      const size_t at = r * static_cast<size_t>(all.count) + static_cast<size_t>(sample.tokens[i]);
      walked.q.push_back(all.q[at] * sample.factors[i]);
      walked.log_q.push_back(all.log_q[at]);
    }
  }
  return walked;
}

WalkedTokens whole_vocabulary(const CpuHead& head, const Matrix& x, CpuReadout& base) {
  WalkedTokens all;
  all.tiles = head.tiles;
  all.count = head.source.out;
  all.log_q = logits(head, x);
  all.q.resize(all.log_q.size());
  all.top.resize(base.targets.size());
  all.targets = base.targets;
  all.segment_ends = {head.source.out};
#pragma omp parallel for schedule(dynamic)
  for (size_t r = 0; r < base.targets.size(); ++r) normalise_row(head, r, all, base);
  return all;
}

}  // namespace

std::unique_ptr<Readout> make_readout(const CpuHead& head, const Matrix& x, std::span<const int32_t> targets,
                                      const ReadoutSettings& settings) {
  auto base = std::make_unique<CpuReadout>();
  base->rows = x.rows;
  base->scale = static_cast<float>(1 / settings.temperature);
  base->targets.assign(targets.begin(), targets.end());
  base->entropy.resize(targets.size());
  base->mean_unembed.resize(static_cast<size_t>(x.rows * x.columns));
  WalkedTokens all = whole_vocabulary(head, x, *base);
  average_unembed(head, all, *base);
  base->pilot = sampled(head, *base, all, kPilot);
  if (settings.sampling) {
    base->walked = sampled(head, *base, all, *settings.sampling);
    base->log_q = std::move(all.log_q);
  } else {
    base->walked = std::move(all);
    for (const auto& tile : head.tiles) tile->prepare_difference();
  }
  return base;
}

}  // namespace tugline::cpu
