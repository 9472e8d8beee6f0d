// The divergence of pushes from a base, with the vocabulary walked in tiles (docs/method.md, "Divergence").
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tugline/backend/cpu/cpu_linear.h"

namespace tugline::cpu {

// W_U in tiles of kTile rows.
struct CpuHead final : Head {
  static constexpr int64_t kTile = 2048;
  // What `source` reads from must outlive the head.
  CpuHead(OneDnn& onednn, const LinearSource& source, DifferenceProducts products);
  [[nodiscard]] std::vector<std::unique_ptr<CpuLinear>> pack(const LinearSource& rows,
                                                             Operands operands) const;
  [[nodiscard]] std::span<const float> squared_norms() const;  // [vocabulary]: of W_U's rows
  [[nodiscard]] LinearSource for_differences() const;          // W_U as differences are multiplied by it

  OneDnn& onednn;
  DifferenceProducts products;
  LinearSource source;  // for gathering single rows
  std::vector<std::unique_ptr<CpuLinear>> tiles;
  mutable std::vector<float> norms;  // squared_norms(), once asked for
  mutable FloatRoom room;            // [rows, kTile]: a tile's products
};

// The tokens that a walk passes, column by column: all of the vocabulary, or those of a sample.
struct WalkedTokens {
  std::vector<std::unique_ptr<CpuLinear>> own_tiles;  // a sample's
  std::span<const std::unique_ptr<CpuLinear>> tiles;  // of W_U's rows, kTile each
  int64_t count = 0;
  std::vector<float> q;          // [rows, count]: times the factor that makes the sum over a sample unbiased
  std::vector<float> logits;     // [rows, count]: the base's, not divided by the temperature
  std::vector<int32_t> targets;  // [rows]: the column of the realised token, or kNoTarget
  std::vector<int32_t> tokens;   // [count]: of a sample; empty where they are the columns
  [[nodiscard]] int32_t token(int64_t column) const {
    return tokens.empty() ? static_cast<int32_t>(column) : tokens[static_cast<size_t>(column)];
  }
  // Ends of stretches that are summed apart: the head, and each replicate of a sampled tail.
  std::vector<int64_t> segment_ends;
};

struct CpuReadout final : Readout {
  int64_t rows = 0;
  float scale = 1;                     // 1 / temperature
  std::vector<float> mean_unembed;     // [rows, hidden]: E_q[W_U], of W_U as differences are multiplied by it
  std::vector<float> surprisal_shift;  // [rows]: log sum exp(logits / T) - H(q)
  std::vector<int32_t> top;            // [rows]: the most likely token, the lowest of equals
  std::vector<int32_t> targets;        // [rows]
  WalkedTokens walked;
  WalkedTokens pilot;         // a small sample that is walked first, for an estimate of log E_q[e^d]
  std::vector<float> logits;  // [rows, vocabulary], where `walked` is a sample
  AskedTokens asked;
  std::vector<double> answer_direction;  // [hidden]; empty if no answers are asked for

  [[nodiscard]] const float* all_logits() const {
    return logits.empty() ? walked.logits.data() : logits.data();
  }
};

[[nodiscard]] std::vector<float> logits(const CpuHead& head, const Matrix& x);
[[nodiscard]] std::unique_ptr<Readout> make_readout(const CpuHead& head, const Matrix& x,
                                                    std::span<const int32_t> targets,
                                                    const ReadoutSettings& settings);
// Rows that took a longer way.
struct LongerWays {
  int64_t walked_again = 0;  // the pilot misjudged them
  int64_t in_f64 = 0;        // f32 sums cannot hold them
};
LongerWays divergence(const CpuHead& head, const CpuReadout& base, const Matrix& dx,
                      DifferenceOperands& operands, std::span<RowResponse> out);

}  // namespace tugline::cpu
