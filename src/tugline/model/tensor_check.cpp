#include "tugline/model/tensor_check.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/printable.h"

namespace tugline {
namespace {

struct NeededTensor {
  std::string name;
  std::vector<int64_t> shape;
};

void add_needed(const ModelConfig& config, TensorNaming naming, TensorRole role, int64_t layer,
                std::vector<NeededTensor>& needed) {
  const std::optional<TensorShape> shape = shape_of(role, config);
  if (!shape) return;
  const std::string name = tensor_name(config.architecture, naming, role, layer);
  needed.push_back({name + ".weight", shape->weight});
  if (shape->bias) needed.push_back({name + ".bias", {shape->weight.front()}});
}

// In the order of the forward pass, except for the head, so that the first that is missing says most.
std::vector<NeededTensor> needed_tensors(const ModelConfig& config, TensorNaming naming) {
  std::vector<NeededTensor> needed;
  for (int role = 0; role < kTensorRoles; ++role)
    if (!is_in_layers(TensorRole{role})) add_needed(config, naming, TensorRole{role}, 0, needed);
  for (int64_t layer = 0; layer < config.num_layers; ++layer)
    for (int role = 0; role < kTensorRoles; ++role)
      if (is_in_layers(TensorRole{role})) add_needed(config, naming, TensorRole{role}, layer, needed);
  return needed;
}

std::vector<std::string> all_names(const TensorSource& tensors) {
  std::vector<std::string> names = tensors.names();
  for (const UnreadableTensor& tensor : tensors.unreadable()) names.push_back(tensor.name);
  return names;
}

// "; the file has X: its names lack the prefix model." if a tensor of the file is `name` with a prefix more
// or less.
std::string prefix_hint(const TensorSource& tensors, const std::string& name) {
  for (const std::string& other : all_names(tensors)) {
    if (other.size() >= 8 && name.ends_with("." + other))
      return fmt::format(
          "; the file has {} instead: its names lack the prefix '{}', as those of weights saved without the "
          "language model's "
          "head do. Save the whole model (AutoModelForCausalLM)",
          printable(other), name.substr(0, name.size() - other.size()));
    if (other.ends_with("." + name))
      return fmt::format(
          "; the file has {} instead: its names have the prefix '{}' too many: save the model itself",
          printable(other), printable(other.substr(0, other.size() - name.size())));
  }
  return "";
}

// "model.layers.*.self_attn.rotary_emb.inv_freq" of any layer.
std::string with_any_number(const std::string& name) {
  std::string general;
  for (const char c : name) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) general += c;
    if (digit && !general.ends_with('*')) general += '*';
  }
  return general;
}

// Buffers that older versions of the libraries saved, and that follow from the configuration.
bool is_derived(const std::string& name) {
  for (const char* ending :
       {"rotary_emb.inv_freq", "attn.masked_bias", ".attention.masked_bias", ".attention.bias",
        "rotary_emb.cos_cached", "rotary_emb.sin_cached", "attn_rot_embd.weight"})
    if (name.ends_with(ending)) return true;
  return false;
}

// A GGUF has only what is part of the computation: llama.cpp applies a bias or a norm that is there.
bool is_part_of_layer(const std::string& name, const ModelConfig& config) {
  constexpr std::string_view kBlock = "blk.";
  if (!name.starts_with(kBlock)) return false;
  int64_t layer = 0;
  size_t at = kBlock.size();
  for (; at < name.size() && name[at] >= '0' && name[at] <= '9' && layer < config.num_layers; ++at)
    layer = 10 * layer + (name[at] - '0');
  return layer < config.num_layers;
}

std::set<std::string> unread_tensors(const ModelConfig& config, const TensorSource& tensors,
                                     TensorNaming naming, const std::vector<NeededTensor>& needed) {
  std::set<std::string> unread;
  for (const std::string& name : all_names(tensors))
    if (!is_derived(name)) unread.insert(name);
  for (const NeededTensor& tensor : needed) unread.erase(tensor.name);
  if (naming == TensorNaming::kGguf) unread.erase("rope_freqs.weight");  // read_config_gguf's
  if (config.tied_head)
    unread.erase(tensor_name(config.architecture, naming, TensorRole::kHead, 0) + ".weight");  // a copy
  return unread;
}

// Names without their layers, and how many tensors each stands for.
std::string summarised(const std::set<std::string>& names) {
  constexpr size_t kMost = 8;
  std::map<std::string, std::vector<std::string>> kinds;
  for (const std::string& name : names) kinds[with_any_number(name)].push_back(name);
  std::vector<std::string> shown;
  for (const auto& [kind, members] : kinds) {
    if (shown.size() == kMost) {
      shown.push_back(fmt::format("and {} more kinds", kinds.size() - kMost));
      break;
    }
    shown.push_back(members.size() == 1 ? printable(members.front())
                                        : fmt::format("{} ({})", printable(kind), members.size()));
  }
  return fmt::format("{}", fmt::join(shown, ", "));
}

// Why the tensor cannot be used.
std::string problem_of(const TensorSource& tensors, const NeededTensor& needed) {
  try {
    static_cast<void>(require_tensor(tensors, needed.name, needed.shape));
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

std::vector<std::string> problems_of(const TensorSource& tensors, const std::vector<NeededTensor>& needed) {
  constexpr size_t kMost = 3;
  std::vector<std::string> problems;
  size_t more = 0;
  for (const NeededTensor& tensor : needed) {
    const TensorView* found = tensors.find(tensor.name);
    if (found != nullptr && found->shape == tensor.shape) continue;
    if (problems.size() < kMost) {
      problems.push_back(problem_of(tensors, tensor));
    } else {
      ++more;
    }
  }
  if (more > 0) problems.back() += fmt::format(" (and {} more tensors)", more);
  return problems;
}

}  // namespace

const TensorView& require_tensor(const TensorSource& tensors, const std::string& name,
                                 const std::vector<int64_t>& shape) {
  if (const UnreadableTensor* other = find_unreadable(tensors, name))
    fail(
        ErrorCode::kUnsupported,
        "{}: tensor {} has type {}, which tugline does not read; fetch or make the model in one of these: {}",
        tensors.path(), name, other->type, tensors.readable_types());
  const TensorView* tensor = tensors.find(name);
  if (tensor == nullptr)
    fail(ErrorCode::kInput, "{}: tensor {} is missing; expected it with shape [{}]{}", tensors.path(), name,
         fmt::join(shape, ", "), prefix_hint(tensors, name));
  if (tensor->shape != shape)
    fail(ErrorCode::kInput, "{}: tensor {} should have shape [{}], found [{}]", tensors.path(), name,
         fmt::join(shape, ", "), fmt::join(tensor->shape, ", "));
  return *tensor;
}

TensorNaming naming_of(const ModelSource& source, const TensorSource& tensors) {
  if (source.kind == ModelSource::Kind::kGguf) return TensorNaming::kGguf;
  const std::vector<std::string> names = all_names(tensors);
  const bool older = std::ranges::find(names, "embed_out.weight") != names.end();
  return older ? TensorNaming::kHubEmbedOut : TensorNaming::kHub;
}

void settle_head(ModelConfig& config, const TensorSource& tensors, TensorNaming naming) {
  if (!config.tied_head) return;
  const std::string name = tensor_name(config.architecture, naming, TensorRole::kHead, 0) + ".weight";
  const TensorView* head = tensors.find(name);
  const TensorView* embedding =
      tensors.find(tensor_name(config.architecture, naming, TensorRole::kEmbedding, 0) + ".weight");
  if (head == nullptr && find_unreadable(tensors, name) == nullptr) return;
  if (head != nullptr && embedding != nullptr && head->dtype == embedding->dtype &&
      head->shape == embedding->shape && std::ranges::equal(head->bytes, embedding->bytes))
    return;
  config.tied_head = false;
  config.warnings.push_back(
      fmt::format("{}: tie_word_embeddings is true, yet there is a {} that is not the embedding; that head "
                  "is used, as in transformers",
                  tensors.path(), name));
}

TensorCheck check_tensors(const ModelConfig& config, const TensorSource& tensors, TensorNaming naming) {
  const size_t held = tensors.names().size() + tensors.unreadable().size();
  if (std::cmp_greater(config.num_layers,
                       held))  // so that what follows is bounded by the file and not by a number in it
    return {.problems = {fmt::format("{}: holds {} tensors, too few for {} layers", tensors.path(), held,
                                     config.num_layers)},
            .warnings = {}};
  const std::vector<NeededTensor> needed = needed_tensors(config, naming);
  TensorCheck check{.problems = problems_of(tensors, needed), .warnings = {}};
  const std::set<std::string> unread = unread_tensors(config, tensors, naming, needed);
  if (naming == TensorNaming::kGguf)
    for (const std::string& name : unread)
      if (check.problems.empty() && is_part_of_layer(name, config))
        check.problems.push_back(
            fmt::format("{}: tensor {} is part of a layer, but not of {}'s as tugline computes it",
                        tensors.path(), printable(name), name_of(config.architecture)));
  if (!unread.empty() && check.problems.empty())
    check.warnings.push_back(fmt::format("{}: nothing reads the tensor{} {}", tensors.path(),
                                         unread.size() == 1 ? "" : "s", summarised(unread)));
  return check;
}

}  // namespace tugline
