// What work costs, in floating-point operations and bytes, from shapes alone: the cost model that docs/performance.md explains. Matrix
// products only, each multiplication and addition counted once; elementwise work counts as nothing. Measures nothing.
#pragma once

#include <cstdint>

#include "tugline/backend/backend.h"
#include "tugline/core/ids.h"
#include "tugline/model/config.h"
#include "tugline/probe/readout.h"
#include "tugline/probe/replay_rows.h"

namespace tugline {

// Floating-point operations, by the part of the model that they are for.
struct Work {
  double linear = 0;     // the layers' projections
  double attention = 0;  // scores and mixing
  double head = 0;       // W_U
  [[nodiscard]] double total() const { return linear + attention + head; }
  Work& operator+=(const Work& other);
};
[[nodiscard]] Work operator*(double times, const Work& work);

[[nodiscard]] double linear_flops(int64_t rows, int64_t out, int64_t in);
// Two products over all that a row sees: the prefix and, on average, half of its own push's rows.
[[nodiscard]] double attention_flops(const RowLayout& layout, const HeadShape& shape);
// The same on differences: the push's own rows are met twice, by the values' difference and by the base's weights.
[[nodiscard]] double attention_difference_flops(const RowLayout& layout, const HeadShape& shape);

// One layer on values, and on differences.
[[nodiscard]] Work layer_work(const ModelConfig& config, const RowLayout& layout);
[[nodiscard]] Work layer_difference_work(const ModelConfig& config, const RowLayout& layout);

// `layer` and `lowest` stand for pushes at the layer's output; for another hook they are its equivalent_output (probe/hook), which leaves
// out only the MLP block of resid_mid's own layer.

// True where causality alone makes every response zero: the readout does not include the pushed row, and no layer is left above.
[[nodiscard]] bool out_of_reach(const ModelConfig& config, const ReplayRows& rows, LayerIndex layer);
// The rows that pushes at this layer compute: at the last layer the pushed one only, since no attention is left to move the others.
[[nodiscard]] ReplayRows replayed_rows(const ModelConfig& config, const ReplayRows& rows, LayerIndex layer);

// `pushes` pushes at the layer, over rows that replayed_rows gave. Of a sampled vocabulary, as many tokens as the sample may have.
[[nodiscard]] Work push_work(const ModelConfig& config, const ReplayRows& rows, LayerIndex layer,
                             int64_t pushes, Vocabulary vocabulary = Vocabulary::kExact);
// What a span costs once: its trace through the layers above `lowest`, its base distributions.
[[nodiscard]] Work span_work(const ModelConfig& config, const ReplayRows& rows, LayerIndex lowest);
// One forward pass of a transcript, and one through its first `layers` layers only.
[[nodiscard]] Work baseline_work(const ModelConfig& config, int64_t tokens);
[[nodiscard]] Work residual_pass_work(const ModelConfig& config, int64_t tokens, int64_t layers);

// Elements that one row takes while a batch of rows goes through a layer: the residual twice and the layer's intermediates.
[[nodiscard]] int64_t layer_row_elements(const ModelConfig& config);

// Bytes in f32, as the CPU backend holds them.
[[nodiscard]] int64_t weight_bytes(const ModelConfig& config);
// In bf16 besides: what differences above `lowest` are multiplied by, with the head unless it is sampled.
[[nodiscard]] int64_t rounded_weight_bytes(const ModelConfig& config, LayerIndex lowest,
                                           Vocabulary vocabulary);
// Of the activations of a batch with so many rows.
[[nodiscard]] int64_t batch_bytes(const ModelConfig& config, int64_t rows);
// Of a baseline: the kept residuals, and keys and values above the lowest layer.
[[nodiscard]] int64_t baseline_bytes(const ModelConfig& config, int64_t tokens, int64_t kept_layers,
                                     LayerIndex lowest);
// Of a span's trace, with the packed keys and values, and its base distributions.
[[nodiscard]] int64_t span_bytes(const ModelConfig& config, const ReplayRows& rows, LayerIndex lowest);

}  // namespace tugline
