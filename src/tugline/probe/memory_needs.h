// What work takes in memory, in bytes, from shapes alone: the CPU backend's side of a sweep's plan. Each function says
// what is held, and what making it takes for a moment besides. Left out is what does not grow with the work: code, the
// compute library's own memory, a few megabytes a thread. tests/probe/memory_needs_test.cpp holds the sum to the peak of
// a process.
#pragma once

#include <cstdint>

#include "tugline/backend/backend.h"
#include "tugline/model/config.h"
#include "tugline/model/site.h"
#include "tugline/probe/readout.h"
#include "tugline/probe/replay_rows.h"
#include "tugline/probe/residual_statistics.h"

namespace tugline {

// How a backend computes, as far as it decides what is held.
struct Arithmetic {
  Precision precision = Precision::kF32;
  Bf16Products bf16_products = Bf16Products::kNative;
};

struct MemoryNeed {
  int64_t held = 0;
  int64_t making = 0;  // besides, until it is made
  [[nodiscard]] int64_t peak() const { return held + making; }
};

// The packed weights; in bf16 with the rounded ones that differences above `lowest` are multiplied by.
[[nodiscard]] int64_t weight_bytes(const ModelConfig& config, Site lowest, Vocabulary vocabulary,
                                   const Arithmetic& arithmetic);

// One transcript's residuals at `kept_layers` sites, and its keys and values above the lowest of them.
[[nodiscard]] MemoryNeed baseline_bytes(const ModelConfig& config, int64_t tokens, int64_t kept_layers,
                                        Site lowest);

// One span's trace, with the packed keys and values, and its base distributions.
[[nodiscard]] MemoryNeed span_bytes(const ModelConfig& config, const ReplayRows& rows, Site lowest,
                                    Vocabulary vocabulary, const Arithmetic& arithmetic = {});

// A batch of pushes on its way through the layers and the vocabulary.
[[nodiscard]] int64_t batch_bytes(const ModelConfig& config, const ReplayRows& rows, int64_t pushes,
                                  const Arithmetic& arithmetic = {});

// Elements that one row takes while a batch of rows goes through a layer: the residual twice and the layer's
// intermediates. Batches are cut by it (probe/batches), so it is part of what a run's numbers depend on.
[[nodiscard]] int64_t layer_row_elements(const ModelConfig& config);

// The f64 model of an audit: its baseline of the transcript's first `tokens`, and the reruns of `pushes` of one unit.
[[nodiscard]] MemoryNeed audit_bytes(const ModelConfig& config, const ReplayRows& rows, MemoryNeed baseline,
                                     int64_t pushes);

// Statistics of the residuals of `tokens` tokens in all at `layers` sites.
[[nodiscard]] MemoryNeed statistics_bytes(const ModelConfig& config, int64_t layers, int64_t tokens,
                                          Moments moments);

}  // namespace tugline
