#include "tugline/probe/cost.h"

#include <algorithm>

namespace tugline {
namespace {

constexpr int64_t kElementBytes = 4;

HeadShape head_shape(const ModelConfig& config) {
  return {config.num_heads, config.num_kv_heads, config.head_dim};
}

// One product of each row with so many keys.
double products_over(const RowLayout& layout, const HeadShape& shape, double keys) {
  return 2.0 * static_cast<double>(layout.total() * shape.num_heads * shape.head_dim) * keys;
}

double own_keys(const RowLayout& layout) { return (static_cast<double>(layout.rows) + 1) / 2; }

int64_t qkv_size(const ModelConfig& config) { return config.q_size() + 2 * config.kv_size(); }

double projection_flops(const ModelConfig& config, int64_t rows) {
  return linear_flops(rows, qkv_size(config), config.hidden_size) +
         linear_flops(rows, config.hidden_size, config.q_size()) +
         linear_flops(rows, 3 * config.intermediate_size, config.hidden_size);
}

int64_t layers_above(const ModelConfig& config, LayerIndex layer) {
  return config.num_layers - 1 - layer.value;
}

int64_t layer_weights(const ModelConfig& config) {
  return config.hidden_size * (qkv_size(config) + config.q_size() + 3 * config.intermediate_size);
}

int64_t head_weights(const ModelConfig& config) { return config.vocab_size * config.hidden_size; }

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
  return {.linear = projection_flops(config, layout.total()),
          .attention = attention_flops(layout, head_shape(config))};
}

Work layer_difference_work(const ModelConfig& config, const RowLayout& layout) {
  return {.linear = projection_flops(config, layout.total()),
          .attention = attention_difference_flops(layout, head_shape(config))};
}

bool out_of_reach(const ModelConfig& config, const ReplayRows& rows, LayerIndex layer) {
  return rows.first_read > 0 && layer.value == config.num_layers - 1;
}

ReplayRows replayed_rows(const ModelConfig& config, const ReplayRows& rows, LayerIndex layer) {
  if (layers_above(config, layer) > 0) return rows;
  return {.push = rows.push, .count = 1, .first_read = 0};
}

Work push_work(const ModelConfig& config, const ReplayRows& rows, LayerIndex layer, int64_t pushes,
               Vocabulary vocabulary) {
  const RowLayout layout{.pushes = pushes, .rows = rows.count, .first_position = rows.push.value};
  Work work = static_cast<double>(layers_above(config, layer)) * layer_difference_work(config, layout);
  const int64_t tokens = vocabulary == Vocabulary::kExact
                             ? config.vocab_size
                             : std::min(config.vocab_size, kMostHead + kTailTokens);
  work.head = linear_flops(pushes * rows.read(), tokens, config.hidden_size);
  return work;
}

Work span_work(const ModelConfig& config, const ReplayRows& rows, LayerIndex lowest) {
  const RowLayout layout{.pushes = 1, .rows = rows.count, .first_position = rows.push.value};
  Work work = static_cast<double>(layers_above(config, lowest)) * layer_work(config, layout);
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

int64_t layer_row_elements(const ModelConfig& config) {
  return 4 * config.hidden_size + 2 * config.q_size() + 2 * config.kv_size() + 3 * config.intermediate_size;
}

int64_t weight_bytes(const ModelConfig& config) {
  return kElementBytes * (config.num_layers * layer_weights(config) + head_weights(config));
}

int64_t rounded_weight_bytes(const ModelConfig& config, LayerIndex lowest, Vocabulary vocabulary) {
  constexpr int64_t kRoundedBytes = 2;
  const int64_t head = vocabulary == Vocabulary::kExact ? head_weights(config) : 0;
  return kRoundedBytes * (layers_above(config, lowest) * layer_weights(config) + head);
}

int64_t batch_bytes(const ModelConfig& config, int64_t rows) {
  return kElementBytes * rows * layer_row_elements(config);
}

int64_t baseline_bytes(const ModelConfig& config, int64_t tokens, int64_t kept_layers, LayerIndex lowest) {
  const int64_t residuals = (kept_layers + 1) * config.hidden_size;  // and the final norm's output
  return kElementBytes * tokens * (residuals + layers_above(config, lowest) * 2 * config.kv_size());
}

int64_t span_bytes(const ModelConfig& config, const ReplayRows& rows, LayerIndex lowest) {
  const int64_t seen = rows.push.value + rows.count;
  const int64_t row =
      2 * config.hidden_size + qkv_size(config) + config.num_heads * seen + 4 * config.intermediate_size;
  const int64_t layer = rows.count * row + seen * 2 * config.kv_size();
  return kElementBytes * (layers_above(config, lowest) * layer + rows.read() * 2 * config.vocab_size);
}

}  // namespace tugline
