// The divergence of pushes from a base, computed one tile of the vocabulary at a time (docs/method.md,
// "Divergence").
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tugline/backend/cpu/cpu_linear.h"

namespace tugline::cpu {

// W_U in tiles of kTile rows.
struct CpuHead final : Head {
  static constexpr int64_t kTile = 2048;
  // The data that `source` reads must outlive the head.
  CpuHead(OneDnn& onednn, const LinearSource& source, DifferenceProducts products);
  [[nodiscard]] std::vector<std::unique_ptr<CpuLinear>> pack(const LinearSource& rows,
                                                             Operands operands) const;
  [[nodiscard]] std::span<const float> squared_norms() const;  // [vocabulary]: of W_U's rows
  [[nodiscard]] LinearSource for_differences() const;          // W_U, rounded as in products of differences

  OneDnn& onednn;
  DifferenceProducts products;
  LinearSource source;  // for gathering single rows
  std::vector<std::unique_ptr<CpuLinear>> tiles;
  mutable std::vector<float> norms;  // squared_norms(), after the first call
  mutable FloatRoom room;            // [rows, kTile]: a tile's products
};

// The tokens of one pass, column by column: the whole vocabulary, or those of a sample.
struct WalkedTokens {
  std::vector<std::unique_ptr<CpuLinear>> own_tiles;  // a sample's
  std::span<const std::unique_ptr<CpuLinear>> tiles;  // of W_U's rows, kTile each
  int64_t count = 0;
  std::vector<float> q;  // [rows, count]: multiplied by the factor that makes the sum over a sample unbiased
  std::vector<float> logits;     // [rows, count]: the base's, not divided by the temperature
  std::vector<int32_t> targets;  // [rows]: the column of the realised token, or kNoTarget
  std::vector<int32_t> tokens;   // [count]: of a sample; empty if the columns are the tokens
  [[nodiscard]] int32_t token(int64_t column) const {
    return tokens.empty() ? static_cast<int32_t>(column) : tokens[static_cast<size_t>(column)];
  }
  // Ends of the ranges that are summed separately: the head, and each replicate of a sampled tail.
  std::vector<int64_t> segment_ends;
};

struct CpuReadout final : Readout {
  int64_t rows = 0;
  float scale = 1;                     // 1 / temperature
  std::vector<float> mean_unembed;     // [rows, hidden]: E_q[W_U], W_U rounded as for differences
  std::vector<float> surprisal_shift;  // [rows]: log sum exp(logits / T) - H(q)
  std::vector<int32_t> top;            // [rows]: the most likely token, the lowest of equals
  std::vector<int32_t> targets;        // [rows]
  WalkedTokens walked;
  WalkedTokens pilot;         // a small sample that is computed first, for an estimate of log E_q[e^d]
  std::vector<float> logits;  // [rows, vocabulary], if `walked` is a sample
  AskedTokens asked;
  std::vector<double> answer_direction;  // [hidden]; empty if no answers are asked for

  [[nodiscard]] const float* all_logits() const {
    return logits.empty() ? walked.logits.data() : logits.data();
  }
};

[[nodiscard]] std::vector<float> logits(const CpuHead& head, const ConstMatrix& x);
[[nodiscard]] std::unique_ptr<Readout> make_readout(const CpuHead& head, const ConstMatrix& x,
                                                    std::span<const int32_t> targets,
                                                    const ReadoutSettings& settings);
// How many rows needed more than one pass.
struct LongerWays {
  int64_t walked_again = 0;  // passed a second time, because the pilot's estimate was too far off
  int64_t in_f64 = 0;        // computed in f64, because f32 sums cannot hold them
};
LongerWays divergence(const CpuHead& head, const CpuReadout& base, const ConstMatrix& dx,
                      DifferenceOperands& operands, std::span<RowResponse> out);

}  // namespace tugline::cpu
