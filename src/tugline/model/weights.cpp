#include "tugline/model/weights.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "tugline/core/error.h"
#include "tugline/files/mapped_file.h"
#include "tugline/model/tensor_names.h"

namespace tugline {
namespace {

// Row r of a checkpoint's q or k is row permuted(r) of a llama GGUF, which interleaves each head's two halves.
int64_t permuted(int64_t row, int64_t head_dim) {
  const int64_t head = row / head_dim;
  const int64_t within = row % head_dim;
  const int64_t half = head_dim / 2;
  return head * head_dim + 2 * (within % half) + within / half;
}

// Without an early end, which compilers do not vectorise: the largest of the bits but the sign is an infinity's or above.
bool all_finite(std::span<const float> values) {
  constexpr uint32_t kInfinity = 0x7f800000;
  uint32_t largest = 0;
  for (const float v : values) largest = std::max(largest, std::bit_cast<uint32_t>(v) & 0x7fffffffU);
  return largest < kInfinity;
}

[[noreturn]] void refuse(const TensorView& tensor, const std::string& path, int64_t begin, std::span<const float> values) {
  const auto broken = std::find_if_not(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
  fail(ErrorCode::kInput, "{}: tensor {} holds {} at element {}; weights must be finite: the file is damaged", path, tensor.name,
       *broken, begin + (broken - values.begin()));
}

// Elements [begin, begin + out.size()) of a tensor, all finite.
void read_finite(const TensorView& tensor, const std::string& path, int64_t begin, std::span<float> out) {
  dequantise(tensor, begin, out);
  if (!all_finite(out)) refuse(tensor, path, begin, out);
}

// The same, and what was read leaves the process's memory again.
void read_once(const TensorView& tensor, const std::string& path, int64_t begin, std::span<float> out) {
  read_finite(tensor, path, begin, out);
  const BlockShape block = block_shape(tensor.dtype);
  release_pages(tensor.bytes.subspan(static_cast<size_t>(begin / block.elements * block.bytes),
                                     out.size() / static_cast<size_t>(block.elements) * static_cast<size_t>(block.bytes)));
}

class Loader {
 public:
  Loader(const ModelConfig& config, const TensorSource& tensors, TensorNaming naming, Backend& backend)
      : config_(config), tensors_(tensors), naming_(naming), backend_(backend) {}

  Weights load() {
    Weights weights;
    weights.embedding = matrix(TensorRole::kEmbedding, 0, {config_.vocab_size, config_.hidden_size, false});
    for (int64_t layer = 0; layer < config_.num_layers; ++layer) {
      weights.layers.push_back(load_layer(layer));
      release_tensors();
    }
    weights.final_norm = norm(TensorRole::kFinalNorm, 0, config_.hidden_size);
    const TensorRole head = config_.tied_head ? TensorRole::kEmbedding : TensorRole::kHead;
    weights.head = backend_.make_head(matrix(head, 0, {config_.vocab_size, config_.hidden_size, false}));
    release_tensors();
    return weights;
  }

 private:
  struct Shape {
    int64_t out;
    int64_t in;
    bool bias;
  };

  LayerWeights load_layer(int64_t layer) {
    const int64_t hidden = config_.hidden_size;
    const Shape q{config_.q_size(), hidden, config_.qkv_bias};
    const Shape kv{config_.kv_size(), hidden, config_.qkv_bias};
    const Shape mlp{config_.intermediate_size, hidden, config_.mlp_bias};
    LayerWeights w;
    w.attention_norm = norm(TensorRole::kAttentionNorm, layer, hidden);
    w.qkv = backend_.make_linear(stacked({matrix(TensorRole::kQ, layer, q), matrix(TensorRole::kK, layer, kv),
                                          matrix(TensorRole::kV, layer, kv)}));
    if (config_.qk_norm) {
      w.q_norm = norm(TensorRole::kQNorm, layer, config_.head_dim);
      w.k_norm = norm(TensorRole::kKNorm, layer, config_.head_dim);
    }
    w.output = backend_.make_linear(matrix(TensorRole::kOutput, layer, {hidden, config_.q_size(), config_.output_bias}));
    w.mlp_norm = norm(TensorRole::kMlpNorm, layer, hidden);
    w.gate_up = backend_.make_linear(stacked({matrix(TensorRole::kGate, layer, mlp), matrix(TensorRole::kUp, layer, mlp)}));
    w.down = backend_.make_linear(matrix(TensorRole::kDown, layer, {hidden, config_.intermediate_size, config_.mlp_bias}));
    return w;
  }

  const TensorView& require(const std::string& name, const std::vector<int64_t>& shape) const {
    const TensorView* tensor = tensors_.find(name);
    if (tensor == nullptr)
      fail(ErrorCode::kInput, "{}: tensor {} is missing; expected it with shape [{}]", tensors_.path(), name,
           fmt::join(shape, ", "));
    if (tensor->shape != shape)
      fail(ErrorCode::kInput, "{}: tensor {} should have shape [{}], found [{}]", tensors_.path(), name,
           fmt::join(shape, ", "), fmt::join(tensor->shape, ", "));
    return *tensor;
  }

  std::vector<float> vector(const std::string& name, int64_t size) const {
    std::vector<float> values(static_cast<size_t>(size));
    read_finite(require(name, {size}), tensors_.path(), 0, values);
    return values;
  }

  std::unique_ptr<Buffer> norm(TensorRole role, int64_t layer, int64_t size) {
    const std::vector<float> values = vector(tensor_name(naming_, role, layer) + ".weight", size);
    auto buffer = backend_.allocate(1, size);
    backend_.upload(std::vector<double>(values.begin(), values.end()), buffer->matrix());
    return buffer;
  }

  [[nodiscard]] bool is_permuted(TensorRole role) const {
    const bool rotated = role == TensorRole::kQ || role == TensorRole::kK;
    return rotated && naming_ == TensorNaming::kGguf && config_.architecture == Architecture::kLlama;
  }

  LinearSource matrix(TensorRole role, int64_t layer, Shape shape) {
    const std::string name = tensor_name(naming_, role, layer);
    const TensorView* tensor = &require(name + ".weight", {shape.out, shape.in});
    read_.push_back(tensor);
    LinearSource source{.out = shape.out, .in = shape.in, .fill_rows = {}, .bias = {}};
    if (shape.bias) source.bias = vector(name + ".bias", shape.out);
    if (!is_permuted(role)) {
      source.fill_rows = [tensor, path = tensors_.path(), in = shape.in](int64_t begin, std::span<float> out) {
        read_once(*tensor, path, begin * in, out);
      };
      return source;
    }
    const int64_t head_dim = config_.head_dim;
    source.fill_rows = [tensor, path = tensors_.path(), in = shape.in, head_dim](int64_t begin, std::span<float> out) {
      for (int64_t i = 0; i * in < static_cast<int64_t>(out.size()); ++i)
        read_finite(*tensor, path, permuted(begin + i, head_dim) * in,
                    out.subspan(static_cast<size_t>(i * in), static_cast<size_t>(in)));
    };
    const std::vector<float> bias = source.bias;
    for (size_t i = 0; i < bias.size(); ++i) source.bias[i] = bias[static_cast<size_t>(permuted(static_cast<int64_t>(i), head_dim))];
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

  // A slice's page brings its neighbours' back (the system maps around a fault), so whole tensors are released once more when done.
  void release_tensors() {
    for (const TensorView* tensor : read_) release_pages(tensor->bytes);
    read_.clear();
  }

  const ModelConfig& config_;
  const TensorSource& tensors_;
  TensorNaming naming_;
  Backend& backend_;
  std::vector<const TensorView*> read_;  // since the last release
};

}  // namespace

Weights load_weights(const ModelConfig& config, const TensorSource& tensors, TensorNaming naming, Backend& backend) {
  return Loader(config, tensors, naming, backend).load();
}

}  // namespace tugline
