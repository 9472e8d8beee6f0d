// Phrases that the answers share. For report/answers' own sources.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tugline/report/answers.h"
#include "tugline/stats/contrasts.h"
#include "tugline/store/analysis_names.h"

namespace tugline {

[[nodiscard]] inline std::string short_number(double value) { return fmt::format("{:.3g}", value); }

// " [0.393, 0.553]"; empty if an end is missing.
[[nodiscard]] inline std::string short_interval(const std::optional<double>& low,
                                                const std::optional<double>& high) {
  return low && high ? fmt::format(" [{:.3g}, {:.3g}]", *low, *high) : "";
}

// "0.5", or "0.5 to 2".
[[nodiscard]] inline std::string range_text(double low, double high) {
  const std::string first = short_number(low);
  const std::string last = short_number(high);
  return first == last ? first : first + " to " + last;
}

// "a", "a and b", "a, b and c".
[[nodiscard]] inline std::string in_words(const std::vector<std::string>& items) {
  std::string text;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " and " : ", ";
    text += items[i];
  }
  return text;
}

// "layer 24"; "layers 14, 20 and 28"; "layers 0 to 12 and 20", if 0 to 12 are neighbours in `all`; "all 9
// layers". `layers` is a part of `all`, in its order.
[[nodiscard]] inline std::string layers_text(const std::vector<int32_t>& layers,
                                             const std::vector<int32_t>& all) {
  if (layers.size() == 1) return fmt::format("layer {}", layers.front());
  if (layers.size() == all.size())
    return layers.size() == 2 ? fmt::format("both layers, {} and {}", layers[0], layers[1])
                              : fmt::format("all {} layers", all.size());
  std::vector<std::string> parts;
  auto place = all.begin();
  for (size_t i = 0; i < layers.size();) {
    place = std::find(place, all.end(), layers[i]);
    size_t length = 1;
    while (i + length < layers.size() && place + static_cast<std::ptrdiff_t>(length) != all.end() &&
           layers[i + length] == *(place + static_cast<std::ptrdiff_t>(length)))
      ++length;
    if (length >= 3) {
      parts.push_back(fmt::format("{} to {}", layers[i], layers[i + length - 1]));
    } else {
      length = 1;
      parts.push_back(fmt::format("{}", layers[i]));
    }
    i += length;
  }
  return "layers " + in_words(parts);
}

// " nats"; empty for a measure without a unit.
[[nodiscard]] inline std::string unit_suffix(const ResponseMeasure& measure) {
  return measure.unit.empty() ? "" : " " + measure.unit;
}

// The kind of span that answers about one kind are about: the anchors, if there are any, else the first.
[[nodiscard]] inline std::string main_kind(const Analysis& analysis) {
  for (const char* kind : {kAnchorKind, "chunk"})
    for (const SpreadPoint& point : analysis.spread)
      if (point.span_kind == kind) return kind;
  return analysis.spread.front().span_kind;
}

// Against each kind of control and the other sentences; and the same by rows. report/anchor_answer.
[[nodiscard]] Answer anchor_answer(const Analysis& analysis);
[[nodiscard]] std::optional<Answer> length_answer(const Analysis& analysis);

}  // namespace tugline
