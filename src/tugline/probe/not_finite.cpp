#include "tugline/probe/not_finite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tugline {
namespace {

const char* name_of(NormWeight weight) {
  switch (weight) {
    case NormWeight::kAttention:
      return "norm";
    case NormWeight::kQ:
      return "norm of q";
    case NormWeight::kK:
      return "norm of k";
    case NormWeight::kMlp:
      return "norm";
  }
  return "";
}

const char* name_of(LinearWeight weight) {
  switch (weight) {
    case LinearWeight::kQkv:
      return "projection to q, k and v";
    case LinearWeight::kOutput:
      return "output projection";
    case LinearWeight::kGateUp:
      return "gate and up projection";
    case LinearWeight::kUp:
      return "up projection";
    case LinearWeight::kDown:
      return "down projection";
  }
  return "";
}

struct StepName {
  std::string operator()(const NormStep& step) const { return name_of(step.weight); }
  std::string operator()(const LinearStep& step) const { return name_of(step.weight); }
  std::string operator()(const RopeStep&) const { return "rotary embedding"; }
  std::string operator()(const AttentionStep&) const { return "softmax and values"; }
  std::string operator()(const GateStep&) const { return "gate"; }
  std::string operator()(const GeluStep&) const { return "GELU"; }
  std::string operator()(const AddStep&) const { return "sum with the residual"; }
};

struct IsMlp {
  bool operator()(const NormStep& step) const { return step.weight == NormWeight::kMlp; }
  bool operator()(const LinearStep& step) const {
    return step.weight == LinearWeight::kGateUp || step.weight == LinearWeight::kUp ||
           step.weight == LinearWeight::kDown;
  }
  bool operator()(const RopeStep&) const { return false; }
  bool operator()(const AttentionStep&) const { return false; }
  bool operator()(const GateStep&) const { return true; }
  bool operator()(const GeluStep&) const { return true; }
  bool operator()(const AddStep&) const { return false; }
};

// A sum belongs to the block whose steps come before it.
bool is_in_mlp(const LayerProgram& program, size_t step) {
  while (step > 0 && std::holds_alternative<AddStep>(program.steps()[step])) --step;
  return std::visit(IsMlp(), program.steps()[step]);
}

}  // namespace

std::string step_text(LayerIndex layer, const LayerProgram& program, size_t step) {
  return fmt::format("layer {}, {} ({})", layer.value, is_in_mlp(program, step) ? "mlp" : "attention",
                     std::visit(StepName(), program.steps()[step]));
}

std::optional<int64_t> first_bad_row(Backend& backend, const ConstMatrix& rows) {
  const std::vector<double> values = backend.download(rows);
  const auto bad =
      std::find_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
  if (bad == values.end()) return std::nullopt;
  return (bad - values.begin()) / rows.columns;
}

std::string where_base_is_not_finite(const Model& model, const Baseline& baseline, int64_t tokens) {
  const auto sentence = [](const std::string& where, int64_t token) {
    return fmt::format("{}: the result at token {} is not finite, without a push", where, token);
  };
  Backend& backend = model.backend();
  const auto residual = backend.allocate(tokens, model.config().hidden_size);
  const Matrix h = residual->matrix();
  const RopeTable rope = model.make_rope_table(tokens);
  LayerWorkspace workspace(model.config(), tokens, backend);
  const LayerContext context{rope, {.pushes = 1, .rows = tokens, .first_position = 0}, {}, {}};
  model.embed(std::span(baseline.ids()).first(static_cast<size_t>(tokens)), h);
  if (const auto token = first_bad_row(backend, h)) return sentence("embedding", *token);
  const std::vector<Step>& steps = model.program().steps();
  for (LayerIndex layer{0}; layer.value < model.config().num_layers; ++layer.value)
    for (size_t step = 0; step < steps.size(); ++step) {
      run_steps(model.layer(layer), {step, step + 1}, context, h, workspace);
      if (const auto token = first_bad_row(backend, workspace.slot(output_of(steps[step]), h)))
        return sentence(step_text(layer, model.program(), step), *token);
    }
  model.final_norm().apply(h, h);
  if (const auto token = first_bad_row(backend, h)) return sentence("final norm", *token);
  return "the run without a push is not finite";
}

}  // namespace tugline
