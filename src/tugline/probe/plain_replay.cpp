#include "tugline/probe/plain_replay.h"

#include <fmt/format.h>

#include <cassert>

#include "tugline/probe/not_finite.h"
#include "tugline/probe/reach.h"

namespace tugline {

bool replays_values(const Backend& backend) { return backend.precision() == Precision::kPlainBf16; }

PlainReplayWorkspace::PlainReplayWorkspace(const Model& model, int64_t max_pushes, const ReplayRows& rows)
    : max_pushes_(max_pushes),
      h(model.backend().allocate((1 + max_pushes) * rows.count, model.config().hidden_size)),
      vectors(model.backend().allocate((1 + max_pushes) * rows.vectors(), model.config().hidden_size)),
      read(model.backend().allocate((1 + max_pushes) * rows.read(), model.config().hidden_size)),
      layer(model.config(), (1 + max_pushes) * rows.count, model.backend()) {}

PlainReplay::PlainReplay(const Model& model, const Baseline& baseline, ReplayRows rows, LayerIndex layer,
                         PlainReplayWorkspace& workspace, ReadoutSettings settings)
    : model_(model),
      baseline_(baseline),
      rows_(rows),
      layer_(layer),
      workspace_(workspace),
      settings_(std::move(settings)),
      targets_(read_targets(baseline, rows)) {}

Matrix PlainReplay::run(std::span<const double> vectors,
                        const std::function<void(LayerIndex layer, size_t step)>& after_step) {
  const int64_t width = width_at(baseline_.point(), model_.config());
  const int64_t each = rows_.vectors();
  const int64_t pushes = 1 + static_cast<int64_t>(vectors.size()) / (each * width);
  assert(pushes <= 1 + workspace_.max_pushes());
  Backend& backend = model_.backend();
  const RowLayout layout{.pushes = pushes, .rows = rows_.count, .first_position = rows_.push.value};
  const Matrix h = workspace_.h->rows(0, layout.total());
  const Matrix added = workspace_.vectors->rows(0, pushes * each).column_range(0, width);

  backend.repeat(baseline_.residual(layer_).rows(rows_.push.value, rows_.count), h);
  backend.clear(added.row_range(0, each));
  backend.upload(vectors, added.row_range(each, (pushes - 1) * each));
  run_layers(layout, added, h, after_step);
  return h;
}

Matrix PlainReplay::final_normed(std::span<const double> vectors) {
  const Matrix h = run(vectors);
  const RowLayout layout{
      .pushes = h.rows / rows_.count, .rows = rows_.count, .first_position = rows_.push.value};
  const Matrix read = workspace_.read->rows(0, layout.pushes * rows_.read());
  model_.backend().select_rows(h, layout, rows_.first_read, read);
  model_.final_norm().apply(read, read);
  return read;
}

std::string PlainReplay::where_not_finite(std::span<const double> vectors) {
  std::string found;
  const Matrix h = workspace_.h->rows(0, 2 * rows_.count);
  (void)run(vectors, [&](LayerIndex layer, size_t step) {
    if (!found.empty()) return;
    const Matrix result = workspace_.layer.slot(output_of(model_.program().steps()[step]), h);
    if (const auto row = first_bad_row(model_.backend(), result))
      found = fmt::format("{}: the pushed result at token {} is not finite",
                          step_text(layer, model_.program(), step), rows_.push.value + *row % rows_.count);
  });
  return found.empty() ? kResponsesNotFinite : found;
}

std::unique_ptr<PendingResponses> PlainReplay::submit(std::span<const double> vectors) {
  return model_.backend().submit_comparison(*model_.weights().head, final_normed(vectors), targets_,
                                            settings_);
}

void PlainReplay::run_layers(const RowLayout& layout, const Matrix& vectors, const Matrix& h,
                             const std::function<void(LayerIndex layer, size_t step)>& after_step) {
  const SitePoint point = baseline_.point();
  const LayerProgram::Point& site = model_.program().point(point.hook);
  const StepRange below{model_.program().from_entry(point.hook).begin, site.step};
  run_steps(model_.layer(layer_), below, baseline_.context(layer_, layout), h, workspace_.layer);
  const Matrix slot = workspace_.layer.slot(site.slot, h);
  model_.backend().add_to_first_rows(vectors, layout, columns_at(point, model_.config(), slot));
  visit_steps_from_entry(model_.config(), model_.program(), baseline_.site(layer_),
                         [&](LayerIndex layer, StepRange steps) {
                           if (layer == layer_) steps.begin = site.step;
                           const LayerContext context = baseline_.context(layer, layout);
                           if (!after_step)
                             return run_steps(model_.layer(layer), steps, context, h, workspace_.layer);
                           for (size_t step = steps.begin; step < steps.end; ++step) {
                             run_steps(model_.layer(layer), {step, step + 1}, context, h, workspace_.layer);
                             after_step(layer, step);
                           }
                         });
}

}  // namespace tugline
