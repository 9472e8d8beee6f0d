#include "tugline/probe/plain_replay.h"

#include <cassert>

namespace tugline {

PlainReplayWorkspace::PlainReplayWorkspace(const Model& model, int64_t max_pushes, const ReplayRows& rows)
    : max_pushes_(max_pushes),
      h(model.backend().allocate(max_pushes * rows.count, model.config().hidden_size)),
      vectors(model.backend().allocate(max_pushes, model.config().hidden_size)),
      read(model.backend().allocate(max_pushes * rows.read(), model.config().hidden_size)),
      layer(model.config(), max_pushes * rows.count, model.backend()) {}

PlainReplay::PlainReplay(const Model& model, const Baseline& baseline, const Readout& base, ReplayRows rows,
                         LayerIndex layer, PlainReplayWorkspace& workspace)
    : model_(model), baseline_(baseline), base_(base), rows_(rows), layer_(layer), workspace_(workspace) {}

std::vector<RowResponse> PlainReplay::run(std::span<const double> vectors) {
  const int64_t pushes = static_cast<int64_t>(vectors.size()) / model_.config().hidden_size;
  assert(pushes <= workspace_.max_pushes());
  Backend& backend = model_.backend();
  const RowLayout layout{.pushes = pushes, .rows = rows_.count, .first_position = rows_.push.value};
  const Matrix h = workspace_.h->rows(0, layout.total());
  const Matrix pushed = workspace_.vectors->rows(0, pushes);
  const Matrix read = workspace_.read->rows(0, pushes * rows_.read());

  backend.repeat(baseline_.residual(layer_).rows(rows_.push.value, rows_.count), h);
  backend.upload(vectors, pushed);
  backend.add_to_first_rows(pushed, layout, h);
  run_layers(layout, h);
  backend.select_rows(h, layout, rows_.first_read, read);
  model_.final_norm(read, read);
  backend.subtract_repeated(baseline_.final_normed().rows(rows_.read_position(0).value, rows_.read()), read);

  std::vector<RowResponse> responses(static_cast<size_t>(read.rows));
  backend.divergence(*model_.weights().head, base_, read, responses);
  return responses;
}

void PlainReplay::run_layers(const RowLayout& layout, const Matrix& h) {
  if (baseline_.hook() == Hook::kResidMid) {
    const LayerContext no_attention{model_.config(), baseline_.rope(), layout, {}, {}};
    run_mlp_block(model_.backend(), model_.weights().layers[static_cast<size_t>(layer_.value)], no_attention,
                  h, workspace_.layer);
  }
  for (LayerIndex layer = first_attended(baseline_.hook(), layer_); layer.value < model_.config().num_layers;
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
