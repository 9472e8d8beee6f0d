#include "tugline/probe/baseline.h"

#include <algorithm>

#include "tugline/core/error.h"
#include "tugline/probe/layer_walk.h"
#include "tugline/probe/reach.h"

namespace tugline {
namespace {

void check_length(const ModelConfig& config, int64_t tokens) {
  if (tokens == 0) fail(ErrorCode::kInput, "the transcript has no tokens");
  if (config.max_positions > 0 && tokens > config.max_positions)
    fail(ErrorCode::kInput, "the transcript has {} tokens; {} takes at most {}", tokens, config.name,
         config.max_positions);
  if (config.sliding_window && !config.sliding_window->is_certain() && tokens > config.sliding_window->width)
    fail(ErrorCode::kUnsupported,
         "the transcript has {} tokens, more than {}'s sliding window of {}; its files do not say for "
         "certain which layers have the window. Use shorter transcripts",
         tokens, config.name, config.sliding_window->width);
}

void check_ids(const ModelConfig& config, std::span<const int32_t> ids) {
  for (size_t i = 0; i < ids.size(); ++i)
    if (ids[i] < 0 || ids[i] >= config.vocab_size)
      fail(ErrorCode::kInput,
           "token id {} at position {} is outside the vocabulary of {}, which holds 0 to {}", ids[i], i,
           config.name, config.vocab_size - 1);
}

void check_layers(const ModelConfig& config, std::span<const LayerIndex> layers) {
  if (layers.empty()) fail(ErrorCode::kUsage, "no layer to push at; name at least one");
  for (const LayerIndex layer : layers)
    if (layer.value < 0 || layer.value >= config.num_layers)
      fail(ErrorCode::kUsage, "there is no layer {}; {} has {} layers, from 0", layer.value, config.name,
           config.num_layers);
}

}  // namespace

void check_transcript(const ModelConfig& config, std::span<const int32_t> ids) {
  check_length(config, static_cast<int64_t>(ids.size()));
  check_ids(config, ids);
}

Baseline::Baseline(const Model& model, std::vector<int32_t> ids, std::span<const LayerIndex> layers,
                   SitePoint point)
    : ids_(std::move(ids)), point_(point) {
  const ModelConfig& config = model.config();
  check_transcript(config, ids_);
  check_layers(config, layers);
  check_point(config, point);
  rope_ = model.make_rope_table(tokens());
  const auto residual = model.backend().allocate(tokens(), config.hidden_size);
  model.embed(ids_, residual->matrix());
  run_layers(model, residual->matrix(), layers);
}

Baseline::Baseline(const Model& model, const Baseline& other, Backend& backend, int64_t tokens)
    : ids_(other.ids_.begin(), other.ids_.begin() + tokens), point_(other.point_) {
  rope_ = model.make_rope_table(tokens);
  const auto copied = [&](const std::unique_ptr<Buffer>& buffer) {
    const Matrix from = buffer->matrix().row_range(0, tokens);
    auto to = model.backend().allocate(tokens, from.columns);
    model.backend().upload(backend.download(from), to->matrix());
    return to;
  };
  for (const auto& [layer, residual] : other.residuals_) residuals_[layer] = copied(residual);
  for (const auto& [layer, attended] : other.keys_and_values_)
    keys_and_values_[layer] = {copied(attended.keys), copied(attended.values)};
  final_normed_ = copied(other.final_normed_);
}

// A push goes through the layers of `inputs_`. Their traces start from these inputs, whichever layer is
// pushed.
void Baseline::run_layers(const Model& model, const Matrix& h, std::span<const LayerIndex> layers) {
  const ModelConfig& config = model.config();
  Backend& backend = model.backend();
  const LayerIndex lowest = *std::min_element(layers.begin(), layers.end());
  LayerWorkspace workspace(config, tokens(), backend);
  visit_steps_above(config, model.program(), site(lowest), [&](LayerIndex layer, StepRange) {
    inputs_[layer];
    keys_and_values_[layer];
  });
  const Hook entry_of_site = model.program().entry(point_.hook);
  const LayerContext context{rope_, {.pushes = 1, .rows = tokens(), .first_position = 0}, {}, {}};
  const LayerIndex last{static_cast<int32_t>(config.num_layers - 1)};
  walk_layers(model, context, LayerIndex{0}, Hook::kResidPre, last, h, workspace,
              [&](LayerIndex layer, Hook at) {
                const bool kept = std::find(layers.begin(), layers.end(), layer) != layers.end();
                if (kept && at == entry_of_site) residuals_[layer] = copy_of(backend, h);
                if (kept && at == point_.hook && !is_residual(at))
                  activations_[layer] = value_at(model.layer(layer), point_, h, workspace);
                if (!inputs_.contains(layer)) return;
                if (at == Hook::kResidPre) inputs_[layer] = copy_of(backend, h);
                if (at == Hook::kResidPost)
                  keys_and_values_[layer] = {copy_of(backend, workspace.slot(Slot::kK, h)),
                                             copy_of(backend, workspace.slot(Slot::kV, h))};
              });
  resid_final_ = copy_of(backend, h);
  final_normed_ = backend.allocate(tokens(), config.hidden_size);
  model.final_norm().apply(h, final_normed_->matrix());
}

LayerContext Baseline::context(LayerIndex layer, const RowLayout& layout) const {
  LayerContext context{rope_, layout, {}, {}};
  const auto attended = keys_and_values_.find(layer);
  if (attended != keys_and_values_.end()) {
    context.prefix_k = attended->second.keys->rows(0, layout.first_position);
    context.prefix_v = attended->second.values->rows(0, layout.first_position);
  }
  return context;
}

}  // namespace tugline
