// The one forward pass of a transcript without a push. It keeps what replays need: residuals at the pushed
// sites, what enters the layers that pushes pass through, their keys and values, and the final norm's input
// and output. None of these numbers depends on which other layers are pushed.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/model/layer.h"
#include "tugline/model/model.h"
#include "tugline/model/site.h"

namespace tugline {

// Checks that a model can run a transcript, without its weights. Errors: no ids, ids outside the vocabulary,
// a transcript longer than the model's positions or sliding window.
void check_transcript(const ModelConfig& config, std::span<const int32_t> ids);

class Baseline {
 public:
  // Runs the transcript through all layers and keeps what is at the point of each of `layers`. Errors: those
  // of check_transcript; no layers, or a layer or point that the model does not have.
  Baseline(const Model& model, std::vector<int32_t> ids, std::span<const LayerIndex> layers,
           SitePoint point = Hook::kResidPost);

  // What `other`, of a model on `backend`, kept of its first `tokens`, in the numbers of this model's
  // backend: residuals at the pushed sites, keys and values, and the final norm's output. It serves replays
  // on values; it has nothing to trace.
  Baseline(const Model& model, const Baseline& other, Backend& backend, int64_t tokens);

  [[nodiscard]] const std::vector<int32_t>& ids() const { return ids_; }
  [[nodiscard]] int64_t tokens() const { return static_cast<int64_t>(ids_.size()); }
  [[nodiscard]] const RopeTable& rope() const { return rope_; }
  [[nodiscard]] SitePoint point() const { return point_; }
  [[nodiscard]] Site site(LayerIndex layer) const { return {layer, point_}; }  // of a push in a kept layer
  // What is pushed at the site of a kept layer.  [tokens, width_at(point)]
  [[nodiscard]] const Buffer& activation(LayerIndex layer) const {
    return is_residual(point_.hook) ? residual(layer) : *activations_.at(layer);
  }
  // The residual at the entry of that site (LayerProgram::entry): the activation itself if it is the
  // residual.  [tokens, hidden]
  [[nodiscard]] const Buffer& residual(LayerIndex layer) const { return *residuals_.at(layer); }
  // What rows of a replay see in a layer: the prefix before them, if a push goes through the layer.
  [[nodiscard]] LayerContext context(LayerIndex layer, const RowLayout& layout) const;
  // What enters a layer that a push goes through.  [tokens, hidden]
  [[nodiscard]] const Buffer& input(LayerIndex layer) const { return *inputs_.at(layer); }
  // The last layer's output.  [tokens, hidden]
  [[nodiscard]] const Buffer& resid_final() const { return *resid_final_; }
  // The final norm's output.  [tokens, hidden]
  [[nodiscard]] const Buffer& final_normed() const { return *final_normed_; }

 private:
  void run_layers(const Model& model, const Matrix& h, std::span<const LayerIndex> layers);

  std::vector<int32_t> ids_;
  RopeTable rope_;
  SitePoint point_;
  std::map<LayerIndex, std::unique_ptr<Buffer>> residuals_;
  std::map<LayerIndex, std::unique_ptr<Buffer>> inputs_;
  std::map<LayerIndex, std::unique_ptr<Buffer>> activations_;  // if they are not the residuals
  struct KeysAndValues {
    std::unique_ptr<Buffer> keys;  // [tokens, kv_size], rotated
    std::unique_ptr<Buffer> values;
  };
  std::map<LayerIndex, KeysAndValues> keys_and_values_;  // of the layers that a push goes through
  std::unique_ptr<Buffer> resid_final_;
  std::unique_ptr<Buffer> final_normed_;
};

}  // namespace tugline
