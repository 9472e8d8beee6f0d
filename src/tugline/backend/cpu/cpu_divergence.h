// The divergence of pushes from a base, with the vocabulary walked in tiles (docs/method.md, "Divergence").
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tugline/backend/cpu/onednn_linear.h"

namespace tugline::cpu {

// W_U in tiles of kTile rows.
struct CpuHead final : Head {
  static constexpr int64_t kTile = 2048;
  CpuHead(OneDnn& onednn, const LinearSource& source);
  [[nodiscard]] int64_t tile_width(size_t tile) const { return tiles[tile]->out_size(); }

  LinearSource source;  // for gathering single rows
  std::vector<std::unique_ptr<OneDnnLinear>> tiles;
  mutable std::vector<float> workspace;  // [rows, kTile]: one tile of delta
};

struct CpuReadout final : Readout {
  int64_t rows = 0;
  std::vector<float> q;             // [rows, vocabulary]
  std::vector<float> log_q;         // [rows, vocabulary]
  std::vector<float> mean_unembed;  // [rows, hidden]: mean of W_U's rows over the likeliest tokens
  std::vector<int32_t> top;         // [rows]: the most likely token
  std::vector<int32_t> targets;     // [rows]
};

[[nodiscard]] std::vector<float> logits(const CpuHead& head, const Matrix& x);
[[nodiscard]] std::unique_ptr<Readout> make_readout(const CpuHead& head, const Matrix& x,
                                                    std::span<const int32_t> targets);
void divergence(const CpuHead& head, const CpuReadout& base, const Matrix& dx, std::span<RowResponse> out);

}  // namespace tugline::cpu
