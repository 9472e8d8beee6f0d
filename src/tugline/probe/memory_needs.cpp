#include "tugline/probe/memory_needs.h"

#include <algorithm>

#include "tugline/probe/reach.h"

namespace tugline {
namespace {

constexpr int64_t kF32 = 4;
constexpr int64_t kF64 = 8;

// Sizes in the CPU backend: columns of W_U that are multiplied at a time (CpuHead), tokens of the sample that
// each readout's walk begins with (kPilot in cpu_readout), bytes of a row's sums on a walk (RowState in
// cpu_divergence).
constexpr int64_t kHeadTile = 2048;
constexpr int64_t kPilotTokens = 1024;
constexpr int64_t kRowStateBytes = 1200;

int64_t head_weights(const ModelConfig& config) { return config.vocab_size * config.hidden_size; }

// The bytes of a weight for differences, if it is another than the one for values; else 0.
int64_t rounded_element(const Arithmetic& arithmetic) {
  if (arithmetic.precision != Precision::kBf16) return 0;
  return arithmetic.bf16_products == Bf16Products::kNative ? 2 : kF32;
}

bool replays_values(const Arithmetic& arithmetic) { return arithmetic.precision == Precision::kPlainBf16; }

int64_t difference_element(const Arithmetic& arithmetic) {
  return std::max(rounded_element(arithmetic), arithmetic.precision == Precision::kBf16 ? int64_t{0} : kF32);
}

// The sum over steps of what `part` makes of each.
template <typename Part>
int64_t sum_over(const LayerProgram& program, StepRange steps, const Part& part) {
  int64_t sum = 0;
  for (size_t i = steps.begin; i < steps.end; ++i) sum += std::visit(part, program.steps()[i]);
  return sum;
}

// The same over all that a push at `site` goes through.
template <typename Part>
int64_t sum_above(const ModelConfig& config, Site site, const Part& part) {
  const LayerProgram program = describe_layer(config);
  int64_t sum = 0;
  visit_steps_above(config, program, site,
                    [&](LayerIndex, StepRange steps) { sum += sum_over(program, steps, part); });
  return sum;
}

// Layers that a push at `site` goes through.
int64_t layers_above(const ModelConfig& config, Site site) {
  int64_t count = 0;
  visit_steps_above(config, describe_layer(config), site, [&](LayerIndex, StepRange) { ++count; });
  return count;
}

// Elements of a step's weight matrix.
struct WeightElements {
  const ModelConfig& config;
  int64_t operator()(const LinearStep& step) const {
    return width_of(step.out, config) * width_of(step.in, config);
  }
  int64_t operator()(const auto&) const { return 0; }
};

// Columns of the widest input of a map.
int64_t widest_operand(const ModelConfig& config) {
  const LayerProgram program = describe_layer(config);
  int64_t widest = 0;
  for (const Step& step : program.steps())
    if (const auto* map = std::get_if<LinearStep>(&step))
      widest = std::max(widest, width_of(map->in, config));
  return widest;
}

// model/layer's LayerWorkspace, of one row.
int64_t workspace_elements(const ModelConfig& config) {
  int64_t elements = 0;
  for (const Slot slot : describe_layer(config).workspace_slots()) elements += width_of(slot, config);
  return elements;
}

// Tokens of a sampled vocabulary as W_U's rows, and each row's q and log q of them.
int64_t sampled_tokens_bytes(const ModelConfig& config, int64_t rows, int64_t most,
                             const Arithmetic& arithmetic) {
  const int64_t tokens = std::min(config.vocab_size, most);
  return tokens * (config.hidden_size * difference_element(arithmetic) + rows * 2 * kF32);
}

// Base distributions. Making them takes those of the whole vocabulary, a block of W_U, and the logits of a
// tile.
MemoryNeed readout_bytes(const ModelConfig& config, int64_t rows, Vocabulary vocabulary,
                         const Arithmetic& arithmetic) {
  const bool sampled = vocabulary == Vocabulary::kSampled;
  const int64_t whole = kF32 * rows * config.vocab_size;  // of q, or of log q
  MemoryNeed bytes;
  bytes.held =
      kF32 * rows * config.hidden_size + sampled_tokens_bytes(config, rows, kPilotTokens, arithmetic) +
      (sampled ? whole + sampled_tokens_bytes(config, rows, kMostHead + kTailTokens, arithmetic) : 2 * whole);
  bytes.making = kF32 * kHeadTile * (rows + config.hidden_size) + (sampled ? whole : 0);
  return bytes;
}

// What probe/span_trace keeps of a span's rows for a step.
struct TracedBytes {
  const ModelConfig& config;
  const ReplayRows& rows;
  int64_t key_element;  // of the packed keys and values

  int64_t operator()(const NormStep& step) const { return kF32 * rows.count * width_of(step.in, config); }
  int64_t operator()(const AttentionStep&) const {
    const int64_t seen = rows.push.value + rows.count;
    const int64_t row = width_of(Slot::kQ, config) + config.num_heads * seen;
    return kF32 * rows.count * row + key_element * seen * 2 * config.kv_size();
  }
  int64_t operator()(const GateStep&) const {  // gate and up, and both logistic functions of the gate
    return kF32 * rows.count * 2 * width_of(Slot::kGateUp, config);
  }
  int64_t operator()(const GeluStep&) const { return kF32 * rows.count * width_of(Slot::kUp, config); }
  int64_t operator()(const LinearStep&) const { return 0; }
  int64_t operator()(const AddStep&) const { return 0; }
  int64_t operator()(const RopeStep&) const { return 0; }
};

}  // namespace

int64_t weight_bytes(const ModelConfig& config, Site lowest, Vocabulary vocabulary,
                     const Arithmetic& arithmetic) {
  const LayerProgram program = describe_layer(config);
  const WeightElements elements{config};
  const int64_t head = head_weights(config);
  const int64_t values = config.num_layers * sum_over(program, program.all(), elements) + head;
  const int64_t rounded = sum_above(config, lowest, elements) + (vocabulary == Vocabulary::kExact ? head : 0);
  return kF32 * values + rounded_element(arithmetic) * rounded;
}

MemoryNeed baseline_bytes(const ModelConfig& config, int64_t tokens, int64_t kept_layers, Site lowest) {
  const int64_t layers = layers_above(config, lowest);
  const int64_t own = is_residual(lowest.point.hook) ? 0 : width_at(lowest.point, config);
  const int64_t residuals =
      kept_layers * own +
      (kept_layers + layers + 2) * config.hidden_size;  // and the final norm's input and output
  const int64_t keys_and_values = layers * 2 * config.kv_size();
  return {
      .held = kF32 * tokens *
              (residuals + keys_and_values + config.rope.rotated_columns(config.head_dim)),  // and cos, sin
      .making = kF32 * tokens * (config.hidden_size + workspace_elements(config))};
}

MemoryNeed audited_baseline_bytes(const ModelConfig& config, int64_t tokens, int64_t kept_layers,
                                  Site lowest) {
  const int64_t columns = (kept_layers + 1) * config.hidden_size +
                          layers_above(config, lowest) * 2 * config.kv_size() +
                          config.rope.rotated_columns(config.head_dim);
  return {.held = kF64 * tokens * columns, .making = kF64 * tokens * config.hidden_size};
}

MemoryNeed span_bytes(const ModelConfig& config, const ReplayRows& rows, Site lowest, Vocabulary vocabulary,
                      const Arithmetic& arithmetic) {
  if (replays_values(arithmetic)) return {};
  const MemoryNeed readout = readout_bytes(config, rows.read(), vocabulary, arithmetic);
  const TracedBytes traced{config, rows, difference_element(arithmetic)};
  const int64_t trace = kF32 * rows.count * config.hidden_size + sum_above(config, lowest, traced);
  return {.held = trace + readout.held, .making = readout.making};
}

int64_t batch_bytes(const ModelConfig& config, const ReplayRows& rows, int64_t pushes,
                    const Arithmetic& arithmetic) {
  const int64_t groups = pushes + (replays_values(arithmetic) ? 1 : 0);  // on values with the base's own rows
  const int64_t read = groups * rows.read();
  const int64_t hidden = config.hidden_size;
  const int64_t activations = groups * rows.count * (hidden + workspace_elements(config)) +
                              read * (hidden + kHeadTile) + groups * rows.vectors() * hidden;
  const int64_t operands =
      groups * rows.count * (replays_values(arithmetic) ? hidden : widest_operand(config));
  const int64_t operand_element = replays_values(arithmetic) ? kF32 : rounded_element(arithmetic);
  const int64_t walks = read * (2 * kRowStateBytes + static_cast<int64_t>(sizeof(RowResponse)));
  return kF32 * activations + operand_element * operands + walks + kF64 * pushes * rows.vectors() * hidden;
}

int64_t layer_row_elements(const ModelConfig& config) {
  return 3 * config.hidden_size + workspace_elements(config);
}

// A rerun holds its rows' activations and, of the vocabulary, the base's logits beside their
// log-probabilities, then 32 rows of differences.
MemoryNeed audit_bytes(const ModelConfig& config, const ReplayRows& rows, MemoryNeed baseline,
                       int64_t pushes) {
  constexpr int64_t kRowsOfLogits = 32;
  const int64_t reran = (1 + pushes) * rows.count * (config.hidden_size + workspace_elements(config));
  const int64_t read = (1 + pushes) * rows.read() * 2 * config.hidden_size;
  const int64_t base = rows.read() * config.vocab_size;
  const int64_t making_base = rows.read() * config.vocab_size;
  const int64_t making = std::max(making_base, reran + read + kRowsOfLogits * config.vocab_size);
  return {.held = baseline.held + kF64 * base,
          .making = std::max(baseline.making - kF64 * base, kF64 * making)};
}

// A site holds the sample of residuals and, for the covariance, its matrix or its eigenvectors. All sites'
// sums are held until the last site's statistics are made of them, by a solver with three matrices of its
// own.
MemoryNeed statistics_bytes(int64_t width, int64_t layers, int64_t tokens, Moments moments) {
  const int64_t sample = std::min(tokens, kSampledResiduals) * width;
  const int64_t matrix = moments == Moments::kCovariance ? width * width : 0;
  const int64_t held = kF64 * layers * (sample + matrix);
  return {.held = held, .making = held + kF64 * 3 * matrix};
}

}  // namespace tugline
