#include "tugline/probe/residual_pass.h"

#include <algorithm>

#include "tugline/core/error.h"
#include "tugline/model/layer.h"
#include "tugline/probe/baseline.h"
#include "tugline/probe/layer_walk.h"
#include "tugline/probe/not_finite.h"
#include "tugline/probe/reach.h"

namespace tugline {

void visit_residuals(const Model& model, std::span<const int32_t> ids, std::span<const LayerIndex> layers,
                     SitePoint point, const std::function<void(LayerIndex layer, const Matrix& h)>& visit) {
  check_transcript(model.config(), ids);
  check_point(model.config(), point);
  const auto tokens = static_cast<int64_t>(ids.size());
  const LayerIndex highest = *std::max_element(layers.begin(), layers.end());
  const auto residual = model.backend().allocate(tokens, model.config().hidden_size);
  const RopeTable rope = model.make_rope_table(tokens);
  LayerWorkspace workspace(model.config(), tokens, model.backend());
  const LayerContext context{rope, {.pushes = 1, .rows = tokens, .first_position = 0}, {}, {}};
  model.embed(ids, residual->matrix());
  walk_layers(model, context, {0}, Hook::kResidPre, highest, residual->matrix(), workspace,
              [&](LayerIndex layer, Hook at) {
                const bool visited = std::find(layers.begin(), layers.end(), layer) != layers.end();
                if (!visited || at != point.hook) return;
                if (is_residual(at)) return visit(layer, residual->matrix());
                visit(layer, value_at(model.layer(layer), point, residual->matrix(), workspace)->matrix());
              });
}

ResidualsByLayer read_residuals(const Model& model, std::vector<PassTranscript> transcripts,
                                const PassOptions& options) {
  std::map<LayerIndex, ResidualAccumulator> sums;
  for (const LayerIndex layer : options.layers)
    sums.try_emplace(layer, width_at(options.point, model.config()), options.seed, options.moments);
  // In one order, so that sums round the same.
  std::stable_sort(transcripts.begin(), transcripts.end(),
                   [](const auto& a, const auto& b) { return a.example_hash < b.example_hash; });
  std::map<LayerIndex, std::string> not_finite;
  for (const PassTranscript& transcript : transcripts) {
    visit_residuals(
        model, transcript.ids, options.layers, options.point, [&](LayerIndex layer, const Matrix& h) {
          if (const auto token = first_bad_row(model.backend(), h)) {
            not_finite.try_emplace(layer, fmt::format("layer {}, {}: directions are made from all "
                                                      "transcripts, and token {} of one is not "
                                                      "finite there",
                                                      layer.value, name_of(options.point.hook), *token));
            return;
          }
          sums.at(layer).add(transcript.example_hash, model.backend().download(h));
        });
    if (options.keep_going && !options.keep_going()) throw Error(ErrorCode::kInterrupted, "interrupted");
  }
  ResidualsByLayer residuals;
  for (const auto& [layer, accumulator] : sums) {
    const auto reason = not_finite.find(layer);
    if (reason == not_finite.end()) {
      residuals[layer] = accumulator.finish();
    } else {
      residuals[layer].not_finite = reason->second;
    }
  }
  return residuals;
}

}  // namespace tugline
