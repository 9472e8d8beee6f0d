// Base distributions: of the whole vocabulary, and what a walk passes of it.
#include <algorithm>
#include <cmath>

#include "tugline/backend/cpu/asked_tokens.h"
#include "tugline/backend/cpu/attention_tasks.h"
#include "tugline/backend/cpu/cpu_divergence.h"
#include "tugline/backend/cpu/kernels.h"
#include "tugline/backend/cpu/source_rows.h"
#include "tugline/backend/cpu/vocabulary_sample.h"
#include "tugline/core/error.h"
#include "tugline/core/parallel_for.h"

namespace tugline::cpu {
namespace {

// The pilot, the sample that every readout computes first. It is large enough to estimate E_q[e^d] - 1 to a
// few percent, and small enough to cost almost nothing. On real text (SmolLM2, epsilons 0.1 to 20), 1 row in
// 200 needs a second pass; a pilot of twice the tokens costs more than it saves.
constexpr TailSampling kPilot{.head_remainder = 0.1, .most_head = 512, .tail_tokens = 512, .stream = {}};

// softmax(scale * logits) into q.
struct Softmax {
  double log_normaliser;
  double entropy;
};
Softmax softmax(std::span<const float> logits, float scale, std::span<float> q) {
  const auto scaled = [&](float logit) { return static_cast<double>(logit) * scale; };
  const double largest = scaled(*std::max_element(logits.begin(), logits.end()));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(scaled(logit) - largest);
  Softmax result{.log_normaliser = largest + std::log(sum), .entropy = 0};
  for (size_t v = 0; v < logits.size(); ++v) {
    const double log_probability = scaled(logits[v]) - result.log_normaliser;
    const double probability = std::exp(log_probability);
    result.entropy -= probability * log_probability;
    q[v] = static_cast<float>(probability);
  }
  return result;
}

// q and what else is known of a row, from its logits.
void normalise_row(const CpuHead& head, size_t r, WalkedTokens& all, CpuReadout& base) {
  const auto vocabulary = static_cast<size_t>(head.source.out);
  const std::span<const float> logits(all.logits.data() + r * vocabulary, vocabulary);
  const Softmax row = softmax(logits, base.scale, {all.q.data() + r * vocabulary, vocabulary});
  base.surprisal_shift[r] = static_cast<float>(row.log_normaliser - row.entropy);
  base.top[r] = static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// The base distributions at temperature 1. [rows, vocabulary]
std::vector<float> undivided(const WalkedTokens& all, const CpuReadout& base) {
  const auto vocabulary = static_cast<size_t>(all.count);
  std::vector<float> q(all.logits.size());
  parallel_for<Schedule::kDynamic>(base.rows, [&](int64_t r) {
    const auto at = static_cast<size_t>(r) * vocabulary;
    softmax({all.logits.data() + at, vocabulary}, 1, {q.data() + at, vocabulary});
  });
  return q;
}

// E_q[W_U], which centres delta: one product of q with W_U, block by block of tokens, read from the files as
// they are wanted.
void average_unembed(const CpuHead& head, const WalkedTokens& all, CpuReadout& base) {
  const LinearSource unembed = head.for_differences();
  const int64_t hidden = unembed.in;
  std::vector<float> block(static_cast<size_t>(CpuHead::kTile * hidden));
  for (int64_t first = 0; first < all.count; first += CpuHead::kTile) {
    const int64_t width = std::min(CpuHead::kTile, all.count - first);
    read_rows(unembed, first, width, block.data());
    multiply(Transpose::kNo, {base.rows, hidden, width, 1.0f, first > 0 ? 1.0f : 0.0f},
             {all.q.data() + first, all.count}, {block.data(), hidden}, {base.mean_unembed.data(), hidden});
  }
}

VocabularySample choose_tokens(const CpuHead& head, const CpuReadout& base, const WalkedTokens& all,
                               const TailSampling& sampling) {
  const auto size = static_cast<int64_t>(base.mean_unembed.size());
  std::vector<int32_t> certain = base.targets;
  certain.insert(certain.end(), base.top.begin(), base.top.end());
  const bool seeks_flips = &sampling != &kPilot && base.scale != 1;
  const std::vector<float> undivided_q = seeks_flips ? undivided(all, base) : std::vector<float>();
  return sample_vocabulary(
      {.q = all.q,
       .undivided_q = undivided_q,
       .rows = base.rows,
       .certain = certain,
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
  walked.tokens = sample.tokens;
  for (size_t r = 0; r < base.targets.size(); ++r) {
    walked.targets.push_back(column_of(sample, base.targets[r]));
    for (size_t i = 0; i < sample.tokens.size(); ++i) {
      const size_t at = r * static_cast<size_t>(all.count) + static_cast<size_t>(sample.tokens[i]);
      walked.q.push_back(all.q[at] * sample.factors[i]);
      walked.logits.push_back(all.logits[at]);
    }
  }
  return walked;
}

WalkedTokens whole_vocabulary(const CpuHead& head, const ConstMatrix& x, CpuReadout& base) {
  WalkedTokens all;
  all.tiles = head.tiles;
  all.count = head.source.out;
  all.logits = logits(head, x);
  all.q.resize(all.logits.size());
  all.targets = base.targets;
  all.segment_ends = {head.source.out};
  parallel_for<Schedule::kDynamic>(
      base.rows, [&](int64_t r) { normalise_row(head, static_cast<size_t>(r), all, base); });
  return all;
}

}  // namespace

std::unique_ptr<Readout> make_readout(const CpuHead& head, const ConstMatrix& x,
                                      std::span<const int32_t> targets, const ReadoutSettings& settings) {
  if (settings.sampling && settings.asked.moved > 0)
    fail(ErrorCode::kUnsupported, "a sample of the vocabulary does not tell which of its tokens moved most");
  auto base = std::make_unique<CpuReadout>();
  base->rows = x.rows;
  base->scale = static_cast<float>(1 / settings.temperature);
  base->targets.assign(targets.begin(), targets.end());
  base->asked = settings.asked;
  if (settings.asked.answers) base->answer_direction = answer_direction(head, *settings.asked.answers);
  base->surprisal_shift.resize(targets.size());
  base->top.resize(targets.size());
  base->mean_unembed.resize(static_cast<size_t>(x.rows * x.columns));
  WalkedTokens all = whole_vocabulary(head, x, *base);
  average_unembed(head, all, *base);
  base->pilot = sampled(head, *base, all, kPilot);
  if (settings.sampling) {
    base->walked = sampled(head, *base, all, *settings.sampling);
    base->logits = std::move(all.logits);
  } else {
    base->walked = std::move(all);
    for (const auto& tile : head.tiles) tile->prepare_difference();
  }
  return base;
}

}  // namespace tugline::cpu
