#include "tugline/probe/cost.h"

#include <algorithm>

namespace tugline {
namespace {

HeadShape head_shape(const ModelConfig& config) {
  return {config.num_heads, config.num_kv_heads, config.head_dim};
}

// One product of each row with so many keys.
double products_over(const RowLayout& layout, const HeadShape& shape, double keys) {
  return 2.0 * static_cast<double>(layout.total() * shape.num_heads * shape.head_dim) * keys;
}

double own_keys(const RowLayout& layout) { return (static_cast<double>(layout.rows) + 1) / 2; }

int64_t qkv_size(const ModelConfig& config) { return config.q_size() + 2 * config.kv_size(); }

double attention_maps_flops(const ModelConfig& config, int64_t rows) {
  return linear_flops(rows, qkv_size(config), config.hidden_size) +
         linear_flops(rows, config.hidden_size, config.q_size());
}

double mlp_flops(const ModelConfig& config, int64_t rows) {
  return linear_flops(rows, 3 * config.intermediate_size, config.hidden_size);
}

int64_t attention_blocks_above(const ModelConfig& config, Site site) {
  return config.num_layers - first_attended(site).value;
}
int64_t mlp_blocks_above(const ModelConfig& config, Site site) {
  return config.num_layers - first_mlp(site).value;
}

double head_flops(const ModelConfig& config, int64_t rows) {
  return linear_flops(rows, config.vocab_size, config.hidden_size);
}

// What a push at `site` goes through: whole layers, and the MLP block of resid_mid's own.
Work work_above(const ModelConfig& config, Site site, const RowLayout& layout, const Work& layer) {
  const int64_t attention = attention_blocks_above(config, site);
  Work work = static_cast<double>(attention) * layer;
  work.linear +=
      static_cast<double>(mlp_blocks_above(config, site) - attention) * mlp_flops(config, layout.total());
  return work;
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
  return {.linear = attention_maps_flops(config, layout.total()) + mlp_flops(config, layout.total()),
          .attention = attention_flops(layout, head_shape(config))};
}

Work layer_difference_work(const ModelConfig& config, const RowLayout& layout) {
  Work work = layer_work(config, layout);
  work.attention = attention_difference_flops(layout, head_shape(config));
  return work;
}

bool out_of_reach(const ModelConfig& config, const ReplayRows& rows, Site site) {
  return rows.first_read > 0 && attention_blocks_above(config, site) == 0;
}

ReplayRows replayed_rows(const ModelConfig& config, const ReplayRows& rows, Site site) {
  if (attention_blocks_above(config, site) > 0) return rows;
  return {.push = rows.push, .count = 1, .first_read = 0};
}

Work push_work(const ModelConfig& config, const ReplayRows& rows, Site site, int64_t pushes,
               Vocabulary vocabulary) {
  const RowLayout layout{.pushes = pushes, .rows = rows.count, .first_position = rows.push.value};
  Work work = work_above(config, site, layout, layer_difference_work(config, layout));
  const int64_t tokens = vocabulary == Vocabulary::kExact
                             ? config.vocab_size
                             : std::min(config.vocab_size, kMostHead + kTailTokens);
  work.head = linear_flops(pushes * rows.read(), tokens, config.hidden_size);
  return work;
}

Work span_work(const ModelConfig& config, const ReplayRows& rows, Site lowest) {
  const RowLayout layout{.pushes = 1, .rows = rows.count, .first_position = rows.push.value};
  Work work = work_above(config, lowest, layout, layer_work(config, layout));
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
