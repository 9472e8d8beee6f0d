// Describes a decoder layer: the steps that turn its input into its output, in order, over named slots.
// Values (model/layer), the trace from which differences start (probe/span_trace), differences
// (probe/difference) and cost (probe/cost) are computed by interpreting this description. No interpreter
// depends on a model family.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "tugline/backend/backend.h"
#include "tugline/model/config.h"
#include "tugline/model/site.h"

namespace tugline {

// The slots that steps read and write: matrices with one row for each token.
enum class Slot {
  kResidual,   // h [hidden]
  kNormed,     // [hidden]
  kQkv,        // [q_size + 2 kv_size]: q, k and v side by side
  kQ,          // [q_size]: the columns of kQkv that hold q
  kK,          // [kv_size]: those that hold k
  kV,          // [kv_size]: those that hold v
  kAttended,   // [q_size]: each head's output (z), head by head
  kBlock,      // [hidden]: a block's output, if it is not added to the residual as it is
  kGateUp,     // [2 intermediate]: gate and up side by side
  kUp,         // [intermediate]: of an MLP without a gate
  kActivated,  // [intermediate]
};

enum class NormWeight { kAttention, kQ, kK, kMlp };
inline constexpr size_t kNormWeights = 4;
enum class LinearWeight {
  kQkv,     // [q_size + 2 kv_size, hidden]: q, k and v stacked
  kOutput,  // [hidden, q_size]
  kGateUp,  // [2 intermediate, hidden]: gate and up stacked
  kUp,      // [intermediate, hidden]
  kDown,    // [hidden, intermediate]
};
inline constexpr size_t kLinearWeights = 5;

// out = norm(in), over each run of as many columns as the weight has. Its kind is the configuration's.
struct NormStep {
  NormWeight weight;
  Slot in;
  Slot out;
};
// out = W in + b, or out += W in + b.
struct LinearStep {
  LinearWeight weight;
  Slot in;
  Slot out;
  Accumulate accumulate = Accumulate::kNo;
};
// Rotary embedding, in place.
struct RopeStep {
  Slot slot;
};
// kAttended = attention(kQ, kK, kV).
struct AttentionStep {};
// kActivated = silu(gate) * up.
struct GateStep {};
// kActivated = gelu(kUp).
struct GeluStep {};
// out += in.
struct AddStep {
  Slot in;
  Slot out;
};

using Step = std::variant<NormStep, LinearStep, RopeStep, AttentionStep, GateStep, GeluStep, AddStep>;

// The slot that a step writes.
[[nodiscard]] Slot output_of(const Step& step);

// Steps [begin, end) of a layer.
struct StepRange {
  size_t begin = 0;
  size_t end = 0;
  [[nodiscard]] bool empty() const { return begin >= end; }
};

class LayerProgram {
 public:
  struct Point {
    Hook hook;
    size_t step = 0;  // the point lies before this step; the number of steps for the layer's output
    Slot slot = Slot::kResidual;  // what a push is added to
    std::optional<size_t> adder =
        {};  // the step that adds a block's output to the residual, if that output is what is pushed
  };

  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
  [[nodiscard]] const std::vector<Point>& points() const { return points_; }
  [[nodiscard]] StepRange all() const { return {0, steps_.size()}; }
  [[nodiscard]] bool has(Hook hook) const;
  [[nodiscard]] const Point& point(Hook hook) const;  // which the layer has
  // The steps that a push at the hook goes through: those that read what it moves.
  [[nodiscard]] StepRange above(Hook hook) const;
  // The last point at or below the hook at which the residual alone decides the rest of the layer. Runs on
  // values start there.
  [[nodiscard]] Hook entry(Hook hook) const;
  // The steps from that point on.
  [[nodiscard]] StepRange from_entry(Hook hook) const { return {point(entry(hook)).step, steps_.size()}; }
  // The slots that a workspace needs memory for: those that steps write, except the residual and the parts of
  // kQkv.
  [[nodiscard]] std::vector<Slot> workspace_slots() const;
  // True if one of the steps is attention: only there does a row reach others.
  [[nodiscard]] bool attends(StepRange range) const;

  size_t add(const Step& step);  // returns its index
  void add_point(Hook hook) { points_.push_back({.hook = hook, .step = steps_.size()}); }
  void add_point_in(Slot slot, Hook hook) {
    points_.push_back({.hook = hook, .step = steps_.size(), .slot = slot});
  }
  // At the output of the block that the step `adder` adds to the residual.
  void add_point_of_block(size_t adder, Hook hook) {
    points_.push_back({.hook = hook, .step = steps_.size(), .adder = adder});
  }

 private:
  std::vector<Step> steps_;
  std::vector<Point> points_;  // in order
};

// The layer of a model with this configuration.
[[nodiscard]] LayerProgram describe_layer(const ModelConfig& config);

// The number of columns of a slot.
[[nodiscard]] int64_t width_of(Slot slot, const ModelConfig& config);
// The number of components of what is pushed at a point.
[[nodiscard]] int64_t width_at(SitePoint point, const ModelConfig& config);

}  // namespace tugline
