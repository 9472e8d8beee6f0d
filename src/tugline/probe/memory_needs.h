// Estimates the memory of a sweep on the CPU backend, in bytes, from shapes alone. Each function returns what
// is held, and what is needed in addition while it is made. Left out is memory that does not grow with the
// work: code, the compute library's own, and a few megabytes per thread. tests/probe/memory_needs_test.cpp
// compares the sum with the peak of a process.
#pragma once

#include <cstdint>

#include "tugline/backend/backend.h"
#include "tugline/model/config.h"
#include "tugline/model/site.h"
#include "tugline/probe/readout.h"
#include "tugline/probe/replay_rows.h"
#include "tugline/probe/residual_statistics.h"

namespace tugline {

// The properties of a backend that decide what is held.
struct Arithmetic {
  Precision precision = Precision::kF32;
  Bf16Products bf16_products = Bf16Products::kNative;
};

struct MemoryNeed {
  int64_t held = 0;
  int64_t making = 0;  // in addition, while it is made
  [[nodiscard]] int64_t peak() const { return held + making; }
};

// The packed weights; in bf16 also the rounded ones of the layers above `lowest`.
[[nodiscard]] int64_t weight_bytes(const ModelConfig& config, Site lowest, Vocabulary vocabulary,
                                   const Arithmetic& arithmetic);

// One transcript's residuals at `kept_layers` sites, and what enters each layer above the lowest of them,
// with its keys and values.
[[nodiscard]] MemoryNeed baseline_bytes(const ModelConfig& config, int64_t tokens, int64_t kept_layers,
                                        Site lowest);

// One span's trace, with the packed keys and values, and its base distributions.
[[nodiscard]] MemoryNeed span_bytes(const ModelConfig& config, const ReplayRows& rows, Site lowest,
                                    Vocabulary vocabulary, const Arithmetic& arithmetic = {});

// A batch of pushes while it goes through the layers and the vocabulary.
[[nodiscard]] int64_t batch_bytes(const ModelConfig& config, const ReplayRows& rows, int64_t pushes,
                                  const Arithmetic& arithmetic = {});

// The elements that one row takes while a batch goes through a layer: the residual twice, and the layer's
// intermediate values. Batches are cut by it (probe/batches), so a run's numbers depend on it.
[[nodiscard]] int64_t layer_row_elements(const ModelConfig& config);

// What an audit copies of the baseline, in f64, of the transcript's first `tokens`.
[[nodiscard]] MemoryNeed audited_baseline_bytes(const ModelConfig& config, int64_t tokens,
                                                int64_t kept_layers, Site lowest);

// An audit: that copy, and the reruns of `pushes` of one unit.
[[nodiscard]] MemoryNeed audit_bytes(const ModelConfig& config, const ReplayRows& rows, MemoryNeed baseline,
                                     int64_t pushes);

// Statistics of what is pushed, of so many components, over `tokens` tokens in all at `layers` sites.
[[nodiscard]] MemoryNeed statistics_bytes(int64_t width, int64_t layers, int64_t tokens, Moments moments);

}  // namespace tugline
