#include "tugline/model/weights.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <functional>

#include "tugline/core/error.h"
#include "tugline/model/tensor_check.h"
#include "tugline/model/tensor_names.h"

namespace tugline {
namespace {

using RowOrder = std::function<int64_t(int64_t)>;

// Row r of a checkpoint's q or k is row permuted(r) of a llama GGUF, which interleaves each head's two
// halves.
int64_t permuted(int64_t row, int64_t head_dim) {
  const int64_t head = row / head_dim;
  const int64_t within = row % head_dim;
  const int64_t half = head_dim / 2;
  return head * head_dim + 2 * (within % half) + within / half;
}

// Row r of q, k and v stacked is row interleaved(r) of a tensor that has q, k and v of the first head, then
// those of the second.
int64_t interleaved(int64_t row, int64_t num_heads, int64_t head_dim) {
  const int64_t part = row / (num_heads * head_dim);
  const int64_t head = row / head_dim % num_heads;
  return (3 * head + part) * head_dim + row % head_dim;
}

// Without an early end, which compilers do not vectorise: the largest of the bits but the sign is an
// infinity's or above.
bool all_finite(std::span<const float> values) {
  constexpr uint32_t kInfinity = 0x7f800000;
  uint32_t largest = 0;
  for (const float v : values) largest = std::max(largest, std::bit_cast<uint32_t>(v) & 0x7fffffffU);
  return largest < kInfinity;
}

[[noreturn]] void refuse(const TensorView& tensor, const std::string& path, int64_t begin,
                         std::span<const float> values) {
  const auto broken =
      std::find_if_not(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
  fail(ErrorCode::kInput, "{}: tensor {} holds {} at element {}; weights must be finite: the file is damaged",
       path, tensor.name, *broken, begin + (broken - values.begin()));
}

// Elements [begin, begin + out.size()) of a tensor, all finite.
void read_finite(const TensorView& tensor, const std::string& path, int64_t begin, std::span<float> out) {
  dequantise(tensor, begin, out);
  if (!all_finite(out)) refuse(tensor, path, begin, out);
}

// The same, and the source may let go of what was read.
void read_once(const TensorSource& source, const TensorView& tensor, int64_t begin, std::span<float> out) {
  read_finite(tensor, source.path(), begin, out);
  const BlockShape block = block_shape(tensor.dtype);
  source.release(tensor.bytes.subspan(
      static_cast<size_t>(begin / block.elements * block.bytes),
      out.size() / static_cast<size_t>(block.elements) * static_cast<size_t>(block.bytes)));
}

class Loader {
 public:
  Loader(const ModelConfig& config, const TensorSource& tensors, TensorNaming naming, Backend& backend)
      : config_(config), tensors_(tensors), naming_(naming), backend_(backend) {}

  Weights load() {
    Weights weights;
    const LayerProgram program = describe_layer(config_);
    weights.embedding = matrix(TensorRole::kEmbedding, 0);
    for (int64_t layer = 0; layer < config_.num_layers; ++layer) {
      weights.layers.push_back(load_layer(program, layer));
      release_tensors();
    }
    weights.final_norm = norm(TensorRole::kFinalNorm, 0);
    const TensorRole head = config_.tied_head ? TensorRole::kEmbedding : TensorRole::kHead;
    weights.head = backend_.make_head(matrix(head, 0));
    release_tensors();
    return weights;
  }

 private:
  // The weights that the layer's steps name.
  LayerWeights load_layer(const LayerProgram& program, int64_t layer) {
    LayerWeights weights;
    for (const Step& step : program.steps()) {
      if (const auto* each = std::get_if<NormStep>(&step))
        weights.norms.at(static_cast<size_t>(each->weight)) = norm(role_of(each->weight), layer);
      if (const auto* each = std::get_if<LinearStep>(&step))
        weights.linears.at(static_cast<size_t>(each->weight)) =
            backend_.make_linear(map(each->weight, layer));
    }
    return weights;
  }

  static TensorRole role_of(NormWeight weight) {
    switch (weight) {
      case NormWeight::kAttention:
        return TensorRole::kAttentionNorm;
      case NormWeight::kQ:
        return TensorRole::kQNorm;
      case NormWeight::kK:
        return TensorRole::kKNorm;
      case NormWeight::kMlp:
        return TensorRole::kMlpNorm;
    }
    return TensorRole::kMlpNorm;
  }

  LinearSource map(LinearWeight weight, int64_t layer) {
    switch (weight) {
      case LinearWeight::kQkv:
        if (shape_of(TensorRole::kQkv, config_)) return matrix(TensorRole::kQkv, layer);
        return stacked(
            {matrix(TensorRole::kQ, layer), matrix(TensorRole::kK, layer), matrix(TensorRole::kV, layer)});
      case LinearWeight::kOutput:
        return matrix(TensorRole::kOutput, layer);
      case LinearWeight::kGateUp:
        return stacked({matrix(TensorRole::kGate, layer), matrix(TensorRole::kUp, layer)});
      case LinearWeight::kUp:
        return matrix(TensorRole::kUp, layer);
      case LinearWeight::kDown:
        return matrix(TensorRole::kDown, layer);
    }
    return {};
  }

  [[nodiscard]] TensorShape shape(TensorRole role) const {
    const std::optional<TensorShape> shape = shape_of(role, config_);
    assert(shape && "the configuration has every tensor that is asked for");
    return *shape;
  }

  std::vector<float> vector(const std::string& name, int64_t size) const {
    std::vector<float> values(static_cast<size_t>(size));
    read_finite(require_tensor(tensors_, name, {size}), tensors_.path(), 0, values);
    return values;
  }

  std::unique_ptr<Buffer> uploaded(const std::vector<float>& values) {
    auto buffer = backend_.allocate(1, static_cast<int64_t>(values.size()));
    backend_.upload(std::vector<double>(values.begin(), values.end()), buffer->matrix());
    return buffer;
  }

  NormWeights norm(TensorRole role, int64_t layer) {
    const TensorShape shape = this->shape(role);
    const int64_t size = shape.weight.front();
    const std::string name = tensor_name(config_.architecture, naming_, role, layer);
    NormWeights norm;
    norm.weight = uploaded(vector(name + ".weight", size));
    if (shape.bias) norm.bias = uploaded(vector(name + ".bias", size));
    return norm;
  }

  // Which row of the file's tensor is row r of the map; empty if the order is the same.
  [[nodiscard]] RowOrder row_order(TensorRole role) const {
    const bool rotated = role == TensorRole::kQ || role == TensorRole::kK;
    if (rotated && naming_ == TensorNaming::kGguf && config_.architecture == Architecture::kLlama)
      return [head_dim = config_.head_dim](int64_t row) { return permuted(row, head_dim); };
    if (role == TensorRole::kQkv && naming_ != TensorNaming::kGguf)
      return [heads = config_.num_heads, head_dim = config_.head_dim](int64_t row) {
        return interleaved(row, heads, head_dim);
      };
    return {};
  }

  LinearSource matrix(TensorRole role, int64_t layer) {
    const std::string name = tensor_name(config_.architecture, naming_, role, layer);
    const TensorShape shape = this->shape(role);
    const TensorView* tensor = &require_tensor(tensors_, name + ".weight", shape.weight);
    read_.push_back(tensor);
    LinearSource source{.out = shape.weight.front(), .in = shape.weight.back(), .fill_rows = {}, .bias = {}};
    if (shape.bias) source.bias = vector(name + ".bias", source.out);
    const RowOrder order = row_order(role);
    if (!order) {
      source.fill_rows = [&tensors = tensors_, tensor, in = source.in](int64_t begin, std::span<float> out) {
        read_once(tensors, *tensor, begin * in, out);
      };
      return source;
    }
    source.fill_rows = [tensor, path = tensors_.path(), in = source.in, order](int64_t begin,
                                                                               std::span<float> out) {
      for (int64_t i = 0; i * in < static_cast<int64_t>(out.size()); ++i)
        read_finite(*tensor, path, order(begin + i) * in,
                    out.subspan(static_cast<size_t>(i * in), static_cast<size_t>(in)));
    };
    const std::vector<float> bias = source.bias;
    for (size_t i = 0; i < bias.size(); ++i)
      source.bias[i] = bias[static_cast<size_t>(order(static_cast<int64_t>(i)))];
    return source;
  }

  // Several maps of one input as one, their outputs side by side.
  static LinearSource stacked(std::vector<LinearSource> parts) {
    LinearSource all{.out = 0, .in = parts.front().in, .fill_rows = {}, .bias = {}};
    for (const LinearSource& part : parts) {
      all.out += part.out;
      all.bias.insert(all.bias.end(), part.bias.begin(), part.bias.end());
    }
    all.fill_rows = [parts = std::move(parts)](int64_t begin, std::span<float> out) {
      for (const LinearSource& part : parts) {
        const int64_t wanted = static_cast<int64_t>(out.size()) / part.in;
        const int64_t count = std::clamp<int64_t>(part.out - begin, 0, wanted);
        if (count > 0) part.fill_rows(begin, out.first(static_cast<size_t>(count * part.in)));
        out = out.subspan(static_cast<size_t>(count * part.in));
        begin = std::max<int64_t>(begin - part.out, 0);
      }
    };
    return all;
  }

  // A slice's page brings its neighbours' back (the system maps around a fault), so whole tensors are
  // released once more when done.
  void release_tensors() {
    for (const TensorView* tensor : read_) tensors_.release(tensor->bytes);
    read_.clear();
  }

  const ModelConfig& config_;
  const TensorSource& tensors_;
  TensorNaming naming_;
  Backend& backend_;
  std::vector<const TensorView*> read_;  // since the last release
};

}  // namespace

Weights load_weights(const ModelConfig& config, const TensorSource& tensors, TensorNaming naming,
                     Backend& backend) {
  return Loader(config, tensors, naming, backend).load();
}

}  // namespace tugline
