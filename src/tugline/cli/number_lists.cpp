#include "tugline/cli/number_lists.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string_view>
#include <type_traits>

#include "tugline/core/error.h"

namespace tugline {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

// The parts without the spaces around them.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// The whole of `text` as a number; `what` names the option in messages.
template <typename Number>
Number parse_number(std::string_view text, std::string_view what) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    fail(ErrorCode::kUsage, "{}: '{}' is not {}", what, text,
         std::is_integral_v<Number> ? "an integer" : "a number");
  return number;
}

int64_t parse_layer(std::string_view text, int64_t num_layers) {
  if (text == "last") return num_layers - 1;
  const auto given = parse_number<int64_t>(text, "--layers");
  const int64_t layer = given < 0 ? given + num_layers : given;
  if (layer < 0 || layer >= num_layers)
    fail(ErrorCode::kUsage, "--layers: the model has no layer {}; its layers are 0 to {} (or -1 to -{})",
         given, num_layers - 1, num_layers);
  return layer;
}

// The end is not in the range, so the number of layers is as good as any; from the end, -1 leaves out the
// last.
int64_t parse_layers_end(std::string_view text, int64_t num_layers) {
  if (text.empty()) return num_layers;
  const auto given = parse_number<int64_t>(text, "--layers");
  return given < 0 ? given + num_layers : given;
}

void add_layers(std::string_view part, int64_t num_layers, std::set<int64_t>& layers) {
  const auto bounds = split(part == "all" ? ":" : part, ':');
  if (bounds.size() == 1) {
    layers.insert(parse_layer(part, num_layers));
    return;
  }
  if (bounds.size() > 3)
    fail(ErrorCode::kUsage, "--layers: '{}' is not a layer or a range BEGIN:END or BEGIN:END:STEP", part);
  const int64_t begin = bounds[0].empty() ? 0 : parse_layer(bounds[0], num_layers);
  const int64_t end = parse_layers_end(bounds[1], num_layers);
  const int64_t step = bounds.size() == 3 ? parse_number<int64_t>(bounds[2], "--layers") : 1;
  if (end <= begin || end > num_layers || step < 1)
    fail(
        ErrorCode::kUsage,
        "--layers: the range '{}' holds no layers of the model's 0 to {}; ranges are half-open, {}:{} is all",
        part, num_layers - 1, 0, num_layers);
  for (int64_t layer = begin; layer < end; layer += std::min(step, num_layers)) layers.insert(layer);
}

double parse_epsilon(std::string_view text) {
  const auto epsilon = parse_number<double>(text, "--epsilons");
  if (!std::isfinite(epsilon)) fail(ErrorCode::kUsage, "--epsilons: {} is not finite", text);
  return epsilon == 0 ? 0.0 : epsilon;  // -0 is 0
}

std::vector<double> spaced(std::string_view start_text, std::string_view stop_text,
                           std::string_view count_text) {
  const double start = parse_epsilon(start_text);
  const double stop = parse_epsilon(stop_text);
  const auto count = parse_number<int64_t>(count_text, "--epsilons");
  if (count < 1 || count > 100'000)
    fail(ErrorCode::kUsage, "--epsilons: COUNT is {}; expected 1 to 100000", count);
  if (count == 1 && start != stop)
    fail(ErrorCode::kUsage,
         "--epsilons: COUNT is 1, but START {} and STOP {} differ; expected a larger COUNT", start, stop);
  if (!std::isfinite(stop - start))
    fail(ErrorCode::kUsage, "--epsilons: the range from {} to {} is too large for a floating-point number",
         start, stop);
  std::vector<double> epsilons;
  for (int64_t i = 0; i + 1 < count; ++i)
    epsilons.push_back(start + (stop - start) * static_cast<double>(i) / static_cast<double>(count - 1));
  epsilons.push_back(stop);  // exactly, whatever the steps round to
  return epsilons;
}

}  // namespace

std::vector<LayerIndex> parse_layers(const std::string& text, int64_t num_layers) {
  std::set<int64_t> layers;
  for (const std::string_view part : split(text, ',')) add_layers(part, num_layers, layers);
  std::vector<LayerIndex> result;
  for (const int64_t layer : layers) result.push_back({static_cast<int32_t>(layer)});
  return result;
}

std::vector<double> parse_epsilons(const std::string& text) {
  std::vector<double> epsilons;
  const auto bounds = split(text, ':');
  if (bounds.size() == 3) {
    epsilons = spaced(bounds[0], bounds[1], bounds[2]);
  } else if (bounds.size() == 1) {
    for (const std::string_view part : split(text, ',')) epsilons.push_back(parse_epsilon(part));
  } else {
    fail(ErrorCode::kUsage, "--epsilons: '{}' is neither a list such as 0,0.5,1 nor START:STOP:COUNT", text);
  }
  std::vector<double> sorted = epsilons;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) fail(ErrorCode::kUsage, "--epsilons: {} is given twice", *twice);
  return epsilons;
}

std::vector<int32_t> parse_ids(const std::string& text) {
  std::vector<int32_t> ids;
  for (const std::string_view part : split(text, ',')) ids.push_back(parse_number<int32_t>(part, "--ids"));
  return ids;
}

TokenRange parse_token_range(const std::string& text) {
  const auto bounds = split(text, ':');
  if (bounds.size() != 2) fail(ErrorCode::kUsage, "--span: '{}' is not BEGIN:END, such as 186:204", text);
  const TokenRange range{parse_number<int64_t>(bounds[0], "--span"),
                         parse_number<int64_t>(bounds[1], "--span")};
  if (range.begin < 0 || range.end <= range.begin)
    fail(ErrorCode::kUsage, "--span: [{}, {}) holds no tokens; expected 0 <= BEGIN < END", range.begin,
         range.end);
  return range;
}

int64_t parse_count(const std::string& text, const std::string& option) {
  const auto count = parse_number<int64_t>(text, option);
  if (count < 1) fail(ErrorCode::kUsage, "{}: {} is not 1 or more", option, count);
  return count;
}

Shard parse_shard(const std::string& text) {
  const auto parts = split(text, '/');
  if (parts.size() != 2) fail(ErrorCode::kUsage, "--shard: '{}' is not I/N, such as 2/4", text);
  const Shard shard{.number = parse_number<int64_t>(parts[0], "--shard"),
                    .count = parse_number<int64_t>(parts[1], "--shard")};
  if (shard.number < 1 || shard.number > shard.count)
    fail(ErrorCode::kUsage, "--shard: there is no shard {}; expected I/N with I from 1 to N", text);
  return shard;
}

uint64_t parse_seed(const std::string& text) { return parse_number<uint64_t>(text, "--seed"); }

int64_t parse_bytes(const std::string& text) {
  const size_t digits = text.find_first_not_of("0123456789");
  const std::string_view unit = digits == std::string::npos ? "" : std::string_view(text).substr(digits);
  int64_t scale = 0;
  if (unit.empty() || unit == "B") scale = 1;
  if (unit == "KiB") scale = int64_t{1} << 10;
  if (unit == "MiB") scale = int64_t{1} << 20;
  if (unit == "GiB") scale = int64_t{1} << 30;
  if (scale == 0) fail(ErrorCode::kUsage, "--memory-limit: '{}' is not a size such as 4GiB or 512MiB", text);
  const auto number = parse_number<int64_t>(std::string_view(text).substr(0, digits), "--memory-limit");
  if (number < 1 || number > (int64_t{1} << 50) / scale)
    fail(ErrorCode::kUsage, "--memory-limit: {} is out of range", text);
  return number * scale;
}

}  // namespace tugline
