#include "tugline/probe/cost.h"

#include <algorithm>

#include "tugline/probe/reach.h"

namespace tugline {
namespace {

// One product of each row with this number of keys.
double products_over(const RowLayout& layout, const HeadShape& shape, double keys) {
  return 2.0 * static_cast<double>(layout.total() * shape.num_heads * shape.head_dim) * keys;
}

double own_keys(const RowLayout& layout) { return (static_cast<double>(layout.rows) + 1) / 2; }

// A layer on values or on differences.
enum class Kind { kValues, kDifferences };

// Counts a step's products; the other steps are nothing beside them.
struct Counter {
  const ModelConfig& config;
  const RowLayout& layout;
  Kind kind;
  int64_t window = 0;  // of the layer's attention

  Work operator()(const LinearStep& step) const {
    return {.linear = linear_flops(layout.total(), width_of(step.out, config), width_of(step.in, config))};
  }
  Work operator()(const AttentionStep&) const {
    const auto flops = kind == Kind::kValues ? attention_flops : attention_difference_flops;
    return {.attention = flops(attended_layout(layout, window), head_shape(config, window))};
  }
  Work operator()(const auto&) const { return {}; }

  [[nodiscard]] Work of(const LayerProgram& program, StepRange steps) const {
    Work work;
    for (size_t i = steps.begin; i < steps.end; ++i) work += std::visit(*this, program.steps()[i]);
    return work;
  }
};

Work whole_layer(const ModelConfig& config, const RowLayout& layout, Kind kind) {
  const LayerProgram program = describe_layer(config);
  return Counter{config, layout, kind}.of(program, program.all());
}

// What a push at `site` goes through on differences, or a run from the site's entry on values.
Work work_through(const ModelConfig& config, Site site, const RowLayout& layout, Kind kind) {
  const LayerProgram program = describe_layer(config);
  Work work;
  const auto visit_steps = kind == Kind::kDifferences ? visit_steps_above : visit_steps_from_entry;
  visit_steps(config, program, site, [&](LayerIndex layer, StepRange steps) {
    work += Counter{config, layout, kind, config.window(layer.value)}.of(program, steps);
  });
  return work;
}

double head_flops(const ModelConfig& config, int64_t rows) {
  return linear_flops(rows, config.vocab_size, config.hidden_size);
}

}  // namespace

Work& Work::operator+=(const Work& other) {
  linear += other.linear;
  attention += other.attention;
  head += other.head;
  return *this;
}

Work operator*(double times, const Work& work) {
  return {.linear = times * work.linear, .attention = times * work.attention, .head = times * work.head};
}

double linear_flops(int64_t rows, int64_t out, int64_t in) {
  return 2.0 * static_cast<double>(rows * out * in);
}

double attention_flops(const RowLayout& layout, const HeadShape& shape) {
  const double prefix = static_cast<double>(layout.first_position);
  return 2 * products_over(layout, shape, prefix + own_keys(layout));
}

double attention_difference_flops(const RowLayout& layout, const HeadShape& shape) {
  const double prefix = static_cast<double>(layout.first_position);
  return 2 * products_over(layout, shape, prefix + 2 * own_keys(layout));
}

Work layer_work(const ModelConfig& config, const RowLayout& layout) {
  return whole_layer(config, layout, Kind::kValues);
}

Work layer_difference_work(const ModelConfig& config, const RowLayout& layout) {
  return whole_layer(config, layout, Kind::kDifferences);
}

Work push_work(const ModelConfig& config, const ReplayRows& rows, Site site, int64_t pushes,
               Vocabulary vocabulary) {
  const RowLayout layout{.pushes = pushes, .rows = rows.count, .first_position = rows.push.value};
  Work work = work_through(config, site, layout, Kind::kDifferences);
  const int64_t tokens = vocabulary == Vocabulary::kExact
                             ? config.vocab_size
                             : std::min(config.vocab_size, kMostHead + kTailTokens);
  work.head = linear_flops(pushes * rows.read(), tokens, config.hidden_size);
  return work;
}

Work span_work(const ModelConfig& config, const ReplayRows& rows, Site lowest) {
  const RowLayout layout{.pushes = 1, .rows = rows.count, .first_position = rows.push.value};
  Work work = work_through(config, lowest, layout, Kind::kValues);
  work.head = head_flops(config, rows.read());
  return work;
}

Work baseline_work(const ModelConfig& config, int64_t tokens) {
  return residual_pass_work(config, tokens, config.num_layers);
}

Work residual_pass_work(const ModelConfig& config, int64_t tokens, int64_t layers) {
  const RowLayout layout{.pushes = 1, .rows = tokens, .first_position = 0};
  return static_cast<double>(layers) * layer_work(config, layout);
}

}  // namespace tugline
