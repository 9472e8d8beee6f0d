// A tiny model with a transcript, and the slow way to push: every layer, every row, with nothing reused.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "support/tiny_models.h"
#include "tugline/probe/baseline.h"
#include "tugline/probe/direction.h"
#include "tugline/probe/replay.h"

namespace tugline::test {

enum class BackendKind { kReference, kCpu };

inline std::unique_ptr<Backend> make_backend(BackendKind kind) {
  return kind == BackendKind::kReference ? make_reference_backend() : make_cpu_backend();
}

// Where a push can land in the model's layers; of heads the second.
inline std::vector<SitePoint> hooks_of(std::string_view name) {
  std::vector<SitePoint> points;
  const LayerProgram program = describe_layer(read_config(resolve_model(tiny_path(name).string())));
  for (const LayerProgram::Point& point : program.points()) points.emplace_back(point.hook, 1);
  return points;
}

struct Push {
  LayerIndex layer;
  Position position;
  std::vector<double> vector;  // [tokens * width]: for each token that is pushed, from `position` on
  SitePoint point = Hook::kResidPost;
};

// Adds the push's vector to what is at its point.
inline void add_push(const Model& model, const Push& push, const Matrix& slot) {
  const Matrix at = columns_at(push.point, model.config(), slot);
  const auto width = static_cast<size_t>(at.columns);
  for (size_t token = 0; token < push.vector.size() / width; ++token) {
    const Matrix row = at.row_range(push.position.value + static_cast<int64_t>(token), 1);
    std::vector<double> values = model.backend().download(row);
    for (size_t i = 0; i < width; ++i) values[i] += push.vector[token * width + i];
    model.backend().upload(values, row);
  }
}

// Residuals of all rows after the last layer and the final norm's output, [tokens * hidden] each.
struct Rerun {
  std::vector<double> residual;
  std::vector<double> normed;
};

// All layers on the whole transcript, without prefix; the push is added at its hook in its layer.
inline Rerun rerun(const Model& model, const std::vector<int32_t>& ids, const std::optional<Push>& push) {
  const ModelConfig& config = model.config();
  Backend& backend = model.backend();
  const auto tokens = static_cast<int64_t>(ids.size());
  const auto h = backend.allocate(tokens, config.hidden_size);
  const RopeTable rope = model.make_rope_table(tokens);
  LayerWorkspace workspace(config, tokens, backend);
  const LayerContext context{rope, {.pushes = 1, .rows = tokens, .first_position = 0}, {}, {}};
  model.embed(ids, h->matrix());
  for (int32_t layer = 0; layer < config.num_layers; ++layer) {
    size_t done = 0;
    for (const LayerProgram::Point& point : model.program().points()) {
      run_steps(model.layer({layer}), {done, point.step}, context, h->matrix(), workspace);
      done = point.step;
      if (push && push->layer.value == layer && push->point.hook == point.hook)
        add_push(model, *push, workspace.slot(point.slot, h->matrix()));
    }
  }
  const auto normed = backend.allocate(tokens, config.hidden_size);
  model.final_norm().apply(h->matrix(), normed->matrix());
  return {backend.download(h->matrix()), backend.download(normed->matrix())};
}

// Log-probabilities of one row of a rerun.
inline std::vector<double> log_probabilities(const Model& model, const Rerun& run, int64_t row) {
  const auto hidden = static_cast<size_t>(model.config().hidden_size);
  const auto x = model.backend().allocate(1, model.config().hidden_size);
  const auto begin = run.normed.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(row) * hidden);
  model.backend().upload(std::vector<double>(begin, begin + static_cast<std::ptrdiff_t>(hidden)),
                         x->matrix());
  std::vector<double> logits = model.backend().logits(*model.weights().head, x->matrix());
  double sum = 0;
  for (const double l : logits) sum += std::exp(l);
  for (double& l : logits) l -= std::log(sum);
  return logits;
}

// The definition, on one row of two reruns.
inline RowResponse compare(const Model& model, const Rerun& base, const Rerun& pushed, int64_t row,
                           int32_t target) {
  const auto log_q = log_probabilities(model, base, row);
  const auto log_p = log_probabilities(model, pushed, row);
  RowResponse response;
  for (size_t v = 0; v < log_q.size(); ++v) {
    response.kl += std::exp(log_p[v]) * (log_p[v] - log_q[v]);
    response.kl_reverse += std::exp(log_q[v]) * (log_q[v] - log_p[v]);
  }
  const auto at = static_cast<size_t>(std::max(target, 0));
  response.delta_logprob = target == kNoTarget ? std::nan("") : log_p[at] - log_q[at];
  response.top1_flip = std::max_element(log_p.begin(), log_p.end()) - log_p.begin() !=
                       std::max_element(log_q.begin(), log_q.end()) - log_q.begin();
  return response;
}

// A model, a transcript and its baseline with every layer kept.
struct Probe {
  explicit Probe(std::string_view name, BackendKind kind, SitePoint point = Hook::kResidPost)
      : backend(make_backend(kind)), model(load_tiny(name, *backend)) {
    baseline = std::make_unique<Baseline>(model, ids, all_layers(), point);
  }
  [[nodiscard]] std::vector<LayerIndex> all_layers() const {
    std::vector<LayerIndex> layers;
    for (int32_t layer = 0; layer < model.config().num_layers; ++layer) layers.push_back({layer});
    return layers;
  }
  [[nodiscard]] SpanBase base(TokenRange span, ReadoutKind readout) const {
    return read_span(model, *baseline, span, readout, LayerIndex{0});
  }
  [[nodiscard]] double rms(LayerIndex layer, Position position) const {
    const auto h = backend->download(baseline->activation(layer).rows(position.value, 1));
    return std::sqrt(std::inner_product(h.begin(), h.end(), h.begin(), 0.0) / static_cast<double>(h.size()));
  }

  std::unique_ptr<Backend> backend;
  Model model;
  std::vector<int32_t> ids{3, 41, 5, 90, 17, 17, 0, 95, 62, 8, 33, 54, 2};
  std::unique_ptr<Baseline> baseline;
};

// `pushes` vectors of norm epsilon rms, one after the other.
inline std::vector<double> random_pushes(const Probe& probe, LayerIndex layer, Position position,
                                         double epsilon, int pushes) {
  std::vector<double> vectors;
  for (int i = 0; i < pushes; ++i) {
    const auto direction = isotropic_direction(
        {.seed = 7, .example_hash = 1, .span = {1, 2}, .layer = layer, .direction = i, .epsilon = 0},
        width_at(probe.baseline->point(), probe.model.config()));
    for (const double v : direction) vectors.push_back(epsilon * probe.rms(layer, position) * v);
  }
  return vectors;
}

inline std::vector<RowResponse> replay(const Probe& probe, const SpanBase& base, LayerIndex layer,
                                       const std::vector<double>& vectors) {
  const int64_t pushes =
      static_cast<int64_t>(vectors.size()) / width_at(probe.baseline->point(), probe.model.config());
  ReplayWorkspace workspace(probe.model, pushes, base.rows);
  return Replay(probe.model, *probe.baseline, base, layer, workspace).submit(vectors)->collect();
}

}  // namespace tugline::test
