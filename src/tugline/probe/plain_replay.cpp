#include "tugline/probe/plain_replay.h"

#include <cassert>

namespace tugline {

bool replays_values(const Backend& backend) { return backend.precision() == Precision::kPlainBf16; }

PlainReplayWorkspace::PlainReplayWorkspace(const Model& model, int64_t max_pushes, const ReplayRows& rows)
    : max_pushes_(max_pushes),
      h(model.backend().allocate((1 + max_pushes) * rows.count, model.config().hidden_size)),
      vectors(model.backend().allocate(1 + max_pushes, model.config().hidden_size)),
      read(model.backend().allocate((1 + max_pushes) * rows.read(), model.config().hidden_size)),
      layer(model.config(), (1 + max_pushes) * rows.count, model.backend()) {}

PlainReplay::PlainReplay(const Model& model, const Baseline& baseline, ReplayRows rows, LayerIndex layer,
                         PlainReplayWorkspace& workspace, double temperature)
    : model_(model),
      baseline_(baseline),
      rows_(rows),
      layer_(layer),
      workspace_(workspace),
      temperature_(temperature),
      targets_(read_targets(baseline, rows)) {}

Matrix PlainReplay::final_normed(std::span<const double> vectors) {
  const int64_t pushes = static_cast<int64_t>(vectors.size()) / model_.config().hidden_size;
  assert(pushes <= 1 + workspace_.max_pushes());
  Backend& backend = model_.backend();
  const RowLayout layout{.pushes = pushes, .rows = rows_.count, .first_position = rows_.push.value};
  const Matrix h = workspace_.h->rows(0, layout.total());
  const Matrix added = workspace_.vectors->rows(0, pushes);
  const Matrix read = workspace_.read->rows(0, pushes * rows_.read());

  backend.repeat(baseline_.residual(layer_).rows(rows_.push.value, rows_.count), h);
  backend.upload(vectors, added);
  backend.add_to_first_rows(added, layout, h);
  run_layers(layout, h);
  backend.select_rows(h, layout, rows_.first_read, read);
  model_.final_norm(read, read);
  return read;
}

// The base goes through the layers once more, as a push of nothing: the same sums in the same order, so that rounding alone never
// tells a push that changes nothing from the base.
std::vector<RowResponse> PlainReplay::run(std::span<const double> vectors) {
  const auto hidden = static_cast<size_t>(model_.config().hidden_size);
  std::vector<double> with_base(hidden);
  with_base.insert(with_base.end(), vectors.begin(), vectors.end());
  std::vector<RowResponse> responses(vectors.size() / hidden * static_cast<size_t>(rows_.read()));
  model_.backend().compare(*model_.weights().head, final_normed(with_base), targets_, temperature_,
                           responses);
  return responses;
}

void PlainReplay::run_layers(const RowLayout& layout, const Matrix& h) {
  if (baseline_.hook() == Hook::kResidMid) {
    const LayerContext no_attention{model_.config(), baseline_.rope(), layout, {}, {}};
    run_mlp_block(model_.backend(), model_.weights().layers[static_cast<size_t>(layer_.value)], no_attention,
                  h, workspace_.layer);
  }
  for (LayerIndex layer = first_attended(baseline_.site(layer_)); layer.value < model_.config().num_layers;
       ++layer.value) {
    const LayerContext context{.config = model_.config(),
                               .rope = baseline_.rope(),
                               .layout = layout,
                               .prefix_k = baseline_.keys(layer).rows(0, layout.first_position),
                               .prefix_v = baseline_.values(layer).rows(0, layout.first_position)};
    run_layer(model_.backend(), model_.weights().layers[static_cast<size_t>(layer.value)], context, h,
              workspace_.layer);
  }
}

}  // namespace tugline
