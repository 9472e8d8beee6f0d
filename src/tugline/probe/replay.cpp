#include "tugline/probe/replay.h"

#include <fmt/format.h>

#include <cassert>

#include "tugline/probe/not_finite.h"
#include "tugline/probe/plain_replay.h"
#include "tugline/probe/reach.h"

namespace tugline {

SpanBase read_rows(const Model& model, const Baseline& baseline, const ReplayRows& rows, LayerIndex lowest,
                   const ReadoutOptions& options) {
  if (replays_values(model.backend()))
    return {.span = {rows.push.value + 1, rows.push.value + 1 + rows.read()},
            .rows = rows,
            .trace = nullptr,
            .options = options,
            .readout = nullptr};
  return {.span = {rows.push.value + 1, rows.push.value + 1 + rows.read()},
          .rows = rows,
          .trace = std::make_unique<SpanTrace>(model, baseline, rows, lowest),
          .options = options,
          .readout = read_baseline(model, baseline, rows, options)};
}

SpanBase read_span(const Model& model, const Baseline& baseline, TokenRange span,
                   const ReadoutChoice& readout, LayerIndex lowest, const ReadoutOptions& options) {
  SpanBase base = read_rows(model, baseline, replay_rows(span, readout, baseline.tokens()), lowest, options);
  base.span = span;  // whatever is read
  return base;
}

ReplayWorkspace::ReplayWorkspace(const Model& model, int64_t max_pushes, const ReplayRows& rows)
    : max_pushes_(max_pushes),
      dh(model.backend().allocate(max_pushes * rows.count, model.config().hidden_size)),
      vectors(model.backend().allocate(max_pushes * rows.vectors(), model.config().hidden_size)),
      read(model.backend().allocate(max_pushes * rows.read(), model.config().hidden_size)),
      layer(model.config(), max_pushes * rows.count, model.backend()) {}

Replay::Replay(const Model& model, const Baseline& baseline, const SpanBase& base, LayerIndex layer,
               ReplayWorkspace& workspace)
    : model_(model), baseline_(baseline), base_(base), layer_(layer), workspace_(workspace) {}

std::unique_ptr<PendingResponses> Replay::submit(std::span<const double> vectors) {
  const ReplayRows& rows = base_.rows;
  const int64_t pushes =
      static_cast<int64_t>(vectors.size()) / (rows.vectors() * width_at(baseline_.point(), model_.config()));
  assert(pushes <= workspace_.max_pushes());
  Backend& backend = model_.backend();
  const RowLayout layout{.pushes = pushes, .rows = rows.count, .first_position = rows.push.value};
  const Matrix dh = workspace_.dh->rows(0, layout.total());
  const Matrix read = workspace_.read->rows(0, pushes * rows.read());

  backend.clear(dh);
  add_at_site(vectors, layout, dh);
  run_layers(layout, dh);
  backend.select_rows(dh, layout, rows.first_read, read);
  model_.final_norm().apply_difference(base_.trace->resid_final().rows(rows.first_read, rows.read()), read,
                                       read);

  return backend.submit_divergence(*model_.weights().head, *base_.readout, read);
}

std::string Replay::where_not_finite(std::span<const double> vectors) {
  const ReplayRows& rows = base_.rows;
  Backend& backend = model_.backend();
  const RowLayout layout{.pushes = 1, .rows = rows.count, .first_position = rows.push.value};
  const Matrix dh = workspace_.dh->rows(0, layout.total());
  const LayerProgram& program = model_.program();
  std::string found;
  const auto check = [&](const std::string& where, const Matrix& matrix) {
    if (const auto row = first_bad_row(backend, matrix); row && found.empty())
      found =
          fmt::format("{}: what the push changes at token {} is not finite", where, rows.push.value + *row);
  };
  backend.clear(dh);
  add_at_site(vectors, layout, dh);
  check(fmt::format("layer {}, {}", layer_.value, name_of(baseline_.point().hook)),
        workspace_.layer.slot(program.point(baseline_.point().hook).slot, dh));
  visit_steps_above(model_.config(), program, baseline_.site(layer_), [&](LayerIndex layer, StepRange steps) {
    const DifferenceContext context{
        .rope = baseline_.rope(), .layout = layout, .base = base_.trace->layer(layer)};
    for (size_t step = steps.begin; step < steps.end && found.empty(); ++step) {
      run_steps_difference(model_.layer(layer), {step, step + 1}, context, dh, workspace_.layer);
      check(step_text(layer, program, step), workspace_.layer.slot(output_of(program.steps()[step]), dh));
    }
  });
  return found.empty() ? kResponsesNotFinite : found;
}

void Replay::add_at_site(std::span<const double> vectors, const RowLayout& layout, const Matrix& dh) {
  Backend& backend = model_.backend();
  const SitePoint point = baseline_.point();
  const Matrix pushed = workspace_.vectors->rows(0, layout.pushes * base_.rows.vectors())
                            .column_range(0, width_at(point, model_.config()));
  backend.upload(vectors, pushed);
  const Matrix slot = workspace_.layer.slot(model_.program().point(point.hook).slot, dh);
  if (!is_residual(point.hook)) backend.clear(slot);
  backend.add_to_first_rows(pushed, layout, columns_at(point, model_.config(), slot));
}

void Replay::run_layers(const RowLayout& layout, const Matrix& dh) {
  visit_steps_above(model_.config(), model_.program(), baseline_.site(layer_),
                    [&](LayerIndex layer, StepRange steps) {
                      const DifferenceContext context{
                          .rope = baseline_.rope(), .layout = layout, .base = base_.trace->layer(layer)};
                      run_steps_difference(model_.layer(layer), steps, context, dh, workspace_.layer);
                    });
}

}  // namespace tugline
