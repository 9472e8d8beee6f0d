// Counts the floating-point operations of work from its shapes, by the cost model of docs/performance.md. It
// counts the multiplications and additions of matrix products; elementwise work counts as nothing.
#pragma once

#include <cstdint>

#include "tugline/backend/backend.h"
#include "tugline/core/ids.h"
#include "tugline/model/config.h"
#include "tugline/model/site.h"
#include "tugline/probe/readout.h"
#include "tugline/probe/replay_rows.h"

namespace tugline {

// Floating-point operations, by part of the model.
struct Work {
  double linear = 0;     // the layers' projections
  double attention = 0;  // scores and mixing
  double head = 0;       // W_U
  [[nodiscard]] double total() const { return linear + attention + head; }
  Work& operator+=(const Work& other);
};
[[nodiscard]] Work operator*(double times, const Work& work);

[[nodiscard]] double linear_flops(int64_t rows, int64_t out, int64_t in);
// Two products over all keys that a row sees: the prefix and, on average, half of its own push's rows.
[[nodiscard]] double attention_flops(const RowLayout& layout, const HeadShape& shape);
// The same on differences: the push's own rows count twice, for the difference of the values and for the
// base's weights.
[[nodiscard]] double attention_difference_flops(const RowLayout& layout, const HeadShape& shape);

// One layer on values, and on differences.
[[nodiscard]] Work layer_work(const ModelConfig& config, const RowLayout& layout);
[[nodiscard]] Work layer_difference_work(const ModelConfig& config, const RowLayout& layout);

// `pushes` pushes at the site, over rows that replayed_rows gave. A sampled vocabulary counts as many tokens
// as its sample may have.
[[nodiscard]] Work push_work(const ModelConfig& config, const ReplayRows& rows, Site site, int64_t pushes,
                             Vocabulary vocabulary = Vocabulary::kExact);
// The cost of a span without pushes: its trace from the entry of `lowest`, and its base distributions.
[[nodiscard]] Work span_work(const ModelConfig& config, const ReplayRows& rows, Site lowest);
// One forward pass of a transcript, and one through its first `layers` layers only.
[[nodiscard]] Work baseline_work(const ModelConfig& config, int64_t tokens);
[[nodiscard]] Work residual_pass_work(const ModelConfig& config, int64_t tokens, int64_t layers);

}  // namespace tugline
