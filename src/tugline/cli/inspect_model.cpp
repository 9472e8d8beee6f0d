#include "tugline/cli/inspect_model.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "tugline/cli/session.h"
#include "tugline/cli/terminal.h"
#include "tugline/core/error.h"
#include "tugline/model/layer_program.h"
#include "tugline/model/model.h"

namespace tugline {
namespace {

using Json = nlohmann::ordered_json;

template <typename Read>
auto inspected(Read read) -> Inspected<decltype(read())> {
  try {
    return {read(), ""};
  } catch (const Error& e) {
    return {std::nullopt, e.what()};
  }
}

std::map<std::string_view, TensorCount> count_tensors(const TensorSource& tensors) {
  std::map<std::string_view, TensorCount> counts;
  for (const std::string& name : tensors.names()) {
    const TensorView& tensor = *tensors.find(name);
    TensorCount& count = counts[name_of(tensor.dtype)];
    ++count.tensors;
    count.elements += tensor.elements();
    count.bytes += static_cast<int64_t>(tensor.bytes.size());
  }
  return counts;
}

TokenizerFacts tokenizer_facts(const ModelSource& source) {
  const Tokenizer tokenizer = load_tokenizer(source);
  TokenizerFacts facts{
      .tokens = tokenizer.vocab_size(), .bos_id = tokenizer.bos_id(), .bos = "", .adds_bos = false};
  if (facts.bos_id) facts.bos = visible(tokenizer.token_bytes(*facts.bos_id));
  facts.adds_bos = !tokenizer.encode("", BosPolicy::kAuto).ids.empty();
  return facts;
}

TensorCount total(const std::map<std::string_view, TensorCount>& counts) {
  TensorCount sum;
  for (const auto& [dtype, count] : counts) {
    sum.tensors += count.tensors;
    sum.elements += count.elements;
    sum.bytes += count.bytes;
  }
  return sum;
}

std::vector<std::string_view> hooks_of(const ModelConfig& c) {
  std::vector<std::string_view> names;
  const LayerProgram layer = describe_layer(c);
  for (const LayerProgram::Point& point : layer.points()) names.push_back(name_of(point.hook));
  return names;
}

Json config_json(const ModelConfig& c) {
  return {{"architecture", name_of(c.architecture)},
          {"num_layers", c.num_layers},
          {"hidden_size", c.hidden_size},
          {"intermediate_size", c.intermediate_size},
          {"num_heads", c.num_heads},
          {"num_kv_heads", c.num_kv_heads},
          {"head_dim", c.head_dim},
          {"vocab_size", c.vocab_size},
          {"max_positions", c.max_positions > 0 ? Json(c.max_positions) : Json()},
          {"sliding_window", c.sliding_window ? Json(c.sliding_window->width) : Json()},
          {norm_eps_name(c.norm), c.norm_eps},
          {"rope_theta", c.rope.theta},
          {"rotary_dim", c.rope.rotated_columns(c.head_dim)},
          {"rope_scaling", name_of(c.rope.scaling)},
          {"rope_factor", c.rope.factor},
          {"rope_attention_factor", c.rope.attention_factor},
          {"tied_head", c.tied_head},
          {"qkv_bias", c.qkv_bias},
          {"qk_norm", c.qk_norm != QkNorm::kNone},
          {"parallel_blocks", c.blocks == Blocks::kParallel},
          {"hooks", hooks_of(c)}};
}

Json tensors_json(const std::map<std::string_view, TensorCount>& counts) {
  const TensorCount all = total(counts);
  Json json = {
      {"count", all.tensors}, {"parameters", all.elements}, {"bytes", all.bytes}, {"dtypes", Json::object()}};
  for (const auto& [dtype, count] : counts)
    json["dtypes"][std::string(dtype)] = {
        {"count", count.tensors}, {"parameters", count.elements}, {"bytes", count.bytes}};
  return json;
}

Json tokenizer_json(const TokenizerFacts& tokenizer) {
  return {{"tokens", tokenizer.tokens},
          {"bos_id", tokenizer.bos_id ? Json(*tokenizer.bos_id) : Json()},
          {"bos", tokenizer.bos},
          {"adds_bos", tokenizer.adds_bos}};
}

std::string size_text(int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (value >= 1 << 30) return fmt::format("{:.2f} GiB", value / (1 << 30));
  if (value >= 1 << 20) return fmt::format("{:.1f} MiB", value / (1 << 20));
  return fmt::format("{:.1f} KiB", value / (1 << 10));
}

std::string config_text(const ModelConfig& c) {
  std::string text = fmt::format("architecture  {}\n", name_of(c.architecture));
  text += fmt::format("layers        {}\n", c.num_layers);
  text += fmt::format("width         {} (feed-forward {})\n", c.hidden_size, c.intermediate_size);
  text += fmt::format("heads         {} of {} ({} for keys and values){}\n", c.num_heads, c.head_dim,
                      c.num_kv_heads, c.qkv_bias ? ", q, k and v with biases" : "");
  text += fmt::format("vocabulary    {} rows, {} head\n", c.vocab_size, c.tied_head ? "tied" : "untied");
  text += fmt::format("positions     {}{}\n",
                      c.max_positions > 0 ? fmt::format("{}", c.max_positions) : "not said",
                      c.sliding_window ? fmt::format(", sliding window {}", c.sliding_window->width) : "");
  text += fmt::format("RoPE          theta {:g}, scaling {}{}{}\n", c.rope.theta, name_of(c.rope.scaling),
                      c.rope.scaling == RopeScaling::kNone ? "" : fmt::format(" by {:g}", c.rope.factor),
                      c.rope.rotary_dim ? fmt::format(", {} columns of each head", *c.rope.rotary_dim) : "");
  if (c.blocks == Blocks::kParallel) text += "blocks        parallel: there is no resid_mid\n";
  text += fmt::format("hooks         {}\n", fmt::join(hooks_of(c), ", "));
  text += fmt::format("memory        {} for the weights in f32\n", size_text(weight_bytes_f32(c)));
  return text;
}

std::string tensors_text(const std::map<std::string_view, TensorCount>& counts) {
  const TensorCount all = total(counts);
  std::string text =
      fmt::format("tensors       {}, {} parameters, {}\n", all.tensors, all.elements, size_text(all.bytes));
  for (const auto& [dtype, count] : counts)
    text += fmt::format("  {:<12}{}, {} parameters, {}\n", dtype, count.tensors, count.elements,
                        size_text(count.bytes));
  return text;
}

std::string tokenizer_text(const TokenizerFacts& tokenizer) {
  std::string text = fmt::format("tokenizer     {} tokens, ", tokenizer.tokens);
  if (!tokenizer.bos_id) return text + "no BOS\n";
  return text + fmt::format("BOS {} '{}'{}\n", *tokenizer.bos_id, tokenizer.bos,
                            tokenizer.adds_bos ? ", put before every text"
                                               : ", put before a text by --bos always only");
}

std::vector<std::string> warnings_of(const ModelFacts& facts) {
  std::vector<std::string> all =
      facts.config.value ? facts.config.value->warnings : std::vector<std::string>{};
  all.insert(all.end(), facts.check.warnings.begin(), facts.check.warnings.end());
  return all;
}

}  // namespace

ModelFacts inspect_model(const ModelSource& source) {
  ModelFacts facts{.name = source.name,
                   .path = source.path.string(),
                   .config = inspected([&] { return stated_config(source); }),
                   .tensors = {},
                   .tokenizer = inspected([&] { return tokenizer_facts(source); }),
                   .check = {}};
  const auto tensors = inspected([&] { return source.open_tensors(); });
  facts.tensors.problem = tensors.problem;
  if (tensors.value) facts.tensors.value = count_tensors(**tensors.value);
  if (!facts.config.value || !tensors.value) return facts;
  const TensorNaming naming = naming_of(source, **tensors.value);
  settle_head(*facts.config.value, **tensors.value, naming);
  facts.check = check_tensors(*facts.config.value, **tensors.value, naming);
  return facts;
}

std::vector<std::string> ModelFacts::problems() const {
  std::vector<std::string> all = check.problems;
  for (const std::string& problem : {config.problem, tensors.problem, tokenizer.problem})
    if (!problem.empty()) all.push_back(problem);
  return all;
}

// Only the embedding's rows of a transcript are in memory, unless the embedding is the head too.
int64_t weight_bytes_f32(const ModelConfig& c) {
  int64_t elements = c.tied_head ? c.vocab_size * c.hidden_size : 0;
  for (int i = 0; i < kTensorRoles; ++i) {
    const TensorRole role{i};
    const std::optional<TensorShape> shape = shape_of(role, c);
    if (!shape || role == TensorRole::kEmbedding) continue;
    int64_t size = shape->bias ? shape->weight.front() : 0;
    size += std::accumulate(shape->weight.begin(), shape->weight.end(), int64_t{1}, std::multiplies<>());
    elements += (is_in_layers(role) ? c.num_layers : 1) * size;
  }
  return elements * static_cast<int64_t>(sizeof(float));
}

std::string model_facts_json(const ModelFacts& facts) {
  const Json json = {
      {"name", facts.name},
      {"path", facts.path},
      {"supported", facts.problems().empty()},
      {"problems", facts.problems()},
      {"warnings", warnings_of(facts)},
      {"config", facts.config.value ? config_json(*facts.config.value) : Json()},
      {"weight_bytes_f32", facts.config.value ? Json(weight_bytes_f32(*facts.config.value)) : Json()},
      {"tensors", facts.tensors.value ? tensors_json(*facts.tensors.value) : Json()},
      {"tokenizer", facts.tokenizer.value ? tokenizer_json(*facts.tokenizer.value) : Json()}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string model_facts_text(const ModelFacts& facts) {
  std::string text = fmt::format("{} ({})\n", facts.name, facts.path);
  if (facts.config.value) text += config_text(*facts.config.value);
  if (facts.tensors.value) text += tensors_text(*facts.tensors.value);
  if (facts.tokenizer.value) text += tokenizer_text(*facts.tokenizer.value);
  for (const std::string& warning : warnings_of(facts)) text += fmt::format("warning       {}\n", warning);
  const std::vector<std::string> problems = facts.problems();
  if (problems.empty()) return text + "tugline can run this model\n";
  text += "tugline cannot run this model:\n";
  for (const std::string& problem : problems) text += fmt::format("  {}\n", problem);
  return text;
}

}  // namespace tugline
