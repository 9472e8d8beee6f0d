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
  if (config.sliding_window && tokens > *config.sliding_window)
    fail(ErrorCode::kUnsupported,
         "the transcript has {} tokens, more than {}'s sliding window of {}, which tugline does not compute; "
         "use shorter "
         "transcripts",
         tokens, config.name, *config.sliding_window);
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
                   Hook hook)
    : ids_(std::move(ids)), hook_(hook) {
  const ModelConfig& config = model.config();
  check_transcript(config, ids_);
  check_layers(config, layers);
  check_hook(config, hook);
  Backend& backend = model.backend();
  rope_ = model.make_rope_table(tokens());
  const auto residual = backend.allocate(tokens(), config.hidden_size);
  const Matrix& h = residual->matrix();
  model.embed(ids_, h);
  run_layers(model, h, LayerIndex{0}, Hook::kResidPre, layers);
}

Baseline::Baseline(const Model& model, std::vector<int32_t> ids, const Start& start,
                   std::span<const LayerIndex> layers)
    : ids_(std::move(ids)), hook_(start.hook) {
  check_transcript(model.config(), ids_);
  check_layers(model.config(), layers);
  Backend& backend = model.backend();
  rope_ = model.make_rope_table(tokens());
  const auto residual = backend.allocate(tokens(), model.config().hidden_size);
  backend.upload(start.residual, residual->matrix());
  run_layers(model, residual->matrix(), start.layer, start.hook, layers);
}

void Baseline::run_layers(const Model& model, const Matrix& h, LayerIndex first, Hook entry,
                          std::span<const LayerIndex> layers) {
  const ModelConfig& config = model.config();
  Backend& backend = model.backend();
  const LayerIndex lowest = *std::min_element(layers.begin(), layers.end());
  LayerWorkspace workspace(config, tokens(), backend);
  // Keys and values are kept of the layers whose attention a push goes through.
  visit_steps_above(model.config(), model.program(), site(lowest), [&](LayerIndex layer, StepRange steps) {
    if (model.program().attends(steps)) keys_and_values_[layer];
  });
  const LayerContext context{rope_, {.pushes = 1, .rows = tokens(), .first_position = 0}, {}, {}};
  walk_layers(model, context, first, entry, {static_cast<int32_t>(config.num_layers - 1)}, h, workspace,
              [&](LayerIndex layer, Hook at) {
                const bool kept = std::find(layers.begin(), layers.end(), layer) != layers.end();
                if (kept && at == hook_) residuals_[layer] = copy_of(backend, h);
                const auto attended = keys_and_values_.find(layer);
                if (at != Hook::kResidPost || attended == keys_and_values_.end()) return;
                attended->second = {copy_of(backend, workspace.slot(Slot::kK, h)),
                                    copy_of(backend, workspace.slot(Slot::kV, h))};
              });
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
