#include "tugline/api/settings.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <set>
#include <utility>

#include "tugline/api/named_value.h"
#include "tugline/core/error.h"
#include "tugline/core/suggestion.h"
#include "tugline/files/direction_file.h"
#include "tugline/probe/push_vector.h"
#include "tugline/probe/reach.h"
#include "tugline/probe/vectors.h"

namespace tugline {
namespace {

constexpr std::array<std::pair<const char*, BosPolicy>, 3> kBosPolicies{
    {{"auto", BosPolicy::kAuto}, {"always", BosPolicy::kAlways}, {"never", BosPolicy::kNever}}};
constexpr std::array<std::pair<const char*, Vocabulary>, 2> kVocabularies{
    {{"exact", Vocabulary::kExact}, {"sampled", Vocabulary::kSampled}}};
constexpr std::array<std::pair<const char*, DirectionSharing>, 2> kSharings{
    {{"common", DirectionSharing::kCommon}, {"independent", DirectionSharing::kIndependent}}};

template <typename Number>
void check_range(const char* setting, Number value, Number low, Number high) {
  if (!(value >= low && value <= high)) refuse(setting, "{} is not from {} to {}", value, low, high);
}

std::vector<double> epsilons_of(std::vector<double> epsilons) {
  if (epsilons.empty()) refuse("epsilons", "there are none; give one at least");
  std::set<double> seen;
  for (double& epsilon : epsilons) {
    if (!std::isfinite(epsilon)) refuse("epsilons", "{} is not finite", epsilon);
    if (epsilon == 0) epsilon = 0.0;  // -0 is 0
    if (!seen.insert(epsilon).second) refuse("epsilons", "{} is given twice", epsilon);
  }
  return epsilons;
}

DirectionArray array_of(const VectorArray& vectors, const char* setting) {
  if (vectors.rows < 1 || vectors.values.size() % static_cast<size_t>(vectors.rows) != 0)
    refuse(setting, "{} numbers are not {} rows", vectors.values.size(), vectors.rows);
  const auto columns = static_cast<int64_t>(vectors.values.size()) / vectors.rows;
  const auto bad = std::find_if(vectors.values.begin(), vectors.values.end(),
                                [](double value) { return !std::isfinite(value); });
  if (bad != vectors.values.end()) {
    const int64_t at = bad - vectors.values.begin();
    fail_setting(ErrorCode::kInput, setting, "row {}, column {} is {}; expected finite numbers", at / columns,
                 at % columns, *bad);
  }
  return {.name = setting, .rows = vectors.rows, .columns = columns, .values = vectors.values};
}

DirectionFile directions_of(const PushSettings& settings) {
  if (!settings.direction_file.empty()) return read_direction_file(settings.direction_file);
  DirectionFile file;
  file.name = "directions";
  file.metadata = settings.vectors_origin;
  if (!settings.vectors.empty()) file.array = array_of(settings.vectors, "directions");
  for (const auto& [layer, vectors] : settings.vectors_by_layer) {
    DirectionArray& array = file.by_layer[layer];
    array = array_of(vectors, "directions");
    array.name = fmt::format("directions of layer {}", layer);
    array.array = fmt::format("{}", layer);
    if (!vectors.belong_to.empty()) file.metadata["rows." + array.array] = vectors.belong_to;
  }
  return file;
}

void set_directions(const PushSettings& settings, const std::vector<LayerIndex>& layers, int64_t width,
                    PushOptions& options) {
  const int given = (settings.vectors.empty() ? 0 : 1) + (settings.vectors_by_layer.empty() ? 0 : 1) +
                    (settings.direction_file.empty() ? 0 : 1);
  if (given > 1)
    refuse(
        "directions",
        "there are vectors of two kinds; give vectors for all layers, for each layer, or a direction file");
  check_range("directions", settings.directions, 1, 1'000'000);
  check_range("null_directions", settings.null_directions, 0, 1'000'000);
  options.directions = settings.directions;
  options.null_directions = settings.null_directions;
  options.sharing = named_value("direction_sharing", settings.direction_sharing, kSharings);
  options.family = parse_direction_family(settings.direction_family);
  if (given == 0) return;
  options.supplied = supplied_directions(directions_of(settings), layers, width);
  options.directions = options.supplied.count();
}

void set_orthogonal(const PushSettings& settings, int64_t width, PushOptions& options) {
  if (!settings.orthogonal_vectors.empty()) {
    if (!settings.orthogonal_to.empty())
      refuse("orthogonal_to", "there are vectors and '{}'; give one of them", settings.orthogonal_to);
    options.orthogonal = Orthogonal::kToSubspace;
    options.subspace =
        orthonormal_basis(unit_rows(array_of(settings.orthogonal_vectors, "orthogonal_to"), width));
  } else if (settings.orthogonal_to == "residual") {
    options.orthogonal = Orthogonal::kToResidual;
  } else if (!settings.orthogonal_to.empty()) {
    const DirectionFile file = read_single_direction_array(settings.orthogonal_to);
    options.orthogonal = Orthogonal::kToSubspace;
    options.subspace = orthonormal_basis(unit_rows(*file.array, width));
    options.subspace_origin = origin_of(file);
  }
}

AskedTokens asked_of(const PushSettings& settings, int64_t vocabulary) {
  check_range("moved_tokens", settings.moved_tokens, int64_t{0}, int64_t{100});
  AskedTokens asked{.answers = {}, .moved = settings.moved_tokens};
  if (!settings.answers) return asked;
  const auto& [first, second] = *settings.answers;
  for (const int32_t token : {first, second})
    check_range("answers", int64_t{token}, int64_t{0}, vocabulary - 1);
  if (first == second) refuse("answers", "both are the token {}", first);
  asked.answers = AnswerPair{first, second};
  return asked;
}

std::vector<Span::Kind> kinds_of(const std::string& name) {
  using enum Span::Kind;
  if (name == "anchor" || name == "anchors") return {kAnchor};
  if (name == "chunks" || name == "chunk") return {kChunk};
  if (name == "controls" || name == "control") return {kControlMatched, kControlWindow, kControlOffset};
  refuse("spans", "'{}' is not one of anchor, chunks, controls{}", name,
         suggestion_for(name, {"anchor", "chunks", "controls"}));
}

}  // namespace

SitePoint point_of(const std::string& hook, const std::optional<int64_t>& head, const ModelConfig& config) {
  SitePoint point = named_value("hook", hook, kHooks);
  if (point.hook != Hook::kZ && head)
    refuse("head", "only the hook 'z' is one head's output; at '{}', leave out head {}", hook, *head);
  if (point.hook == Hook::kZ && !head)
    refuse("head", "the hook 'z' is the output of one query head; say which, 0 to {}", config.num_heads - 1);
  if (head) point.head = static_cast<int32_t>(std::clamp<int64_t>(*head, -1, INT32_MAX));
  check_point(config, point);
  return point;
}

PushAt push_at_of(const std::string& name) { return named_value("at", name, kPushAts); }
BosPolicy bos_of(const std::string& name) { return named_value("bos", name, kBosPolicies); }
Vocabulary vocabulary_of(const std::string& name) { return named_value("vocabulary", name, kVocabularies); }

ReadoutChoice readout_of(const std::string& name) {
  if (name == "predicting") return ReadoutKind::kPredicting;
  if (name == "following") return ReadoutKind::kFollowing;
  if (name == "downstream") return ReadoutKind::kDownstream;
  constexpr std::string_view kWithRows = "downstream:";
  int64_t rows = 0;
  const char* const end = name.data() + name.size();
  if (name.starts_with(kWithRows) &&
      std::from_chars(name.data() + kWithRows.size(), end, rows) ==
          std::from_chars_result{end, std::errc()} &&
      rows > 0)
    return {ReadoutKind::kDownstream, rows};
  refuse("readout", "'{}' is not predicting, following, downstream or downstream:N", name);
}

std::vector<LayerIndex> layers_of(const std::vector<int64_t>& layers, int64_t num_layers) {
  std::set<int64_t> chosen;
  for (const int64_t given : layers) {
    const int64_t layer = given < 0 ? given + num_layers : given;
    if (layer < 0 || layer >= num_layers)
      refuse("layers", "the model has no layer {}; its layers are 0 to {} (or -1 to -{})", given,
             num_layers - 1, num_layers);
    chosen.insert(layer);
  }
  if (layers.empty()) chosen.insert(num_layers - 1);
  std::vector<LayerIndex> result;
  for (const int64_t layer : chosen) result.push_back({static_cast<int32_t>(layer)});
  return result;
}

SweepOptions resolve(const PushSettings& settings, const ModelConfig& config) {
  check_range("temperature", settings.temperature, 1e-3, 1e3);
  check_range("audit", settings.audit, int64_t{0}, int64_t{1'000'000});
  check_range("memory_limit", settings.memory_limit, int64_t{1}, int64_t{1} << 50);
  check_range("batch_rows", settings.batch_rows, int64_t{1}, int64_t{1'000'000});
  SweepOptions options;
  options.layers = layers_of(settings.layers, config.num_layers);
  options.point = point_of(settings.hook, settings.head, config);
  options.at = push_at_of(settings.at);
  options.pushes.epsilons = epsilons_of(settings.epsilons);
  options.pushes.seed = settings.seed;
  options.pushes.kind = parse_push_kind(settings.push);
  const int64_t width = width_at(options.point, config);
  set_directions(settings, options.layers, width, options.pushes);
  set_orthogonal(settings, width, options.pushes);
  check_push_options(options.pushes, width);
  options.readout = readout_of(settings.readout);
  check_at(options.at, options.readout);
  if (options.at == PushAt::kEvery && options.pushes.kind == PushKind::kInterpolation)
    refuse("at",
           "'every' pushes each token by the same direction, and an interpolation goes from one token's "
           "residual to another; push it at 'before', 'first' or 'last'");
  options.vocabulary = vocabulary_of(settings.vocabulary);
  options.temperature = settings.temperature;
  options.audit = settings.audit;
  options.asked = asked_of(settings, config.vocab_size);
  if (options.asked.moved > 0 && options.vocabulary == Vocabulary::kSampled)
    refuse("moved_tokens",
           "the vocabulary 'sampled' does not tell which of all tokens moved most; use 'exact'");
  options.limits = {.rows = settings.batch_rows, .memory = settings.memory_limit};
  return options;
}

SweepOptions resolve(const SweepSettings& settings, const ModelConfig& config) {
  SweepOptions options = resolve(settings.push, config);
  // A sweep's numbers do not depend on the order in which epsilons are given.
  std::sort(options.pushes.epsilons.begin(), options.pushes.epsilons.end());
  std::set<Span::Kind> kinds;
  for (const std::string& name : settings.spans)
    for (const Span::Kind kind : kinds_of(name)) kinds.insert(kind);
  if (kinds.empty()) refuse("spans", "there are none; give anchor, chunks or controls");
  options.spans.assign(kinds.begin(), kinds.end());
  options.bos = bos_of(settings.bos);
  if (settings.max_examples)
    check_range("max_examples", *settings.max_examples, int64_t{1}, int64_t{1} << 40);
  options.max_examples = settings.max_examples;
  return options;
}

std::string direction_source(const PushOptions& options) {
  if (options.kind == PushKind::kInterpolation) return "residuals";
  if (options.supplied.empty()) return std::string(name_of(options.family));
  return options.supplied.identity();
}

std::vector<std::string> contradictions_of(const PushOptions& options, const PushedAt& at) {
  std::vector<std::string> sentences = contradictions(options.supplied.origin, at);
  for (std::string& sentence : contradictions(options.subspace_origin, at))
    sentences.push_back(std::move(sentence));
  return sentences;
}

}  // namespace tugline
