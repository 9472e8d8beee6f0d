#include <cmath>
#include <map>
#include <tuple>

#include "tugline/core/plural.h"
#include "tugline/report/answer_sentences.h"

namespace tugline {
namespace {

using ContrastsOfKind = std::vector<const Contrast*>;  // one for each layer

// The most comparable first; moved pushes by their distance.
std::tuple<int, int, std::string> order_of(const std::string& kind) {
  constexpr std::string_view kOffset = "control_offset_";
  if (kind == "control_matched") return {0, 0, kind};
  if (kind == "control_window") return {1, 0, kind};
  if (kind == "chunk") return {2, 0, kind};
  if (!kind.starts_with(kOffset)) return {3, 0, kind};
  const std::string tokens = kind.substr(kOffset.size());
  const bool is_number = tokens.size() > 1 && tokens.size() < 8 &&
                         tokens.find_first_not_of("0123456789", 1) == std::string::npos;
  return {4, is_number ? std::atoi(tokens.c_str()) : 0, kind};
}

std::string described_kind(const std::string& kind) {
  if (kind == "control_matched") return "control_matched (sentences of similar length and place)";
  if (kind == "control_window") return "control_window (random windows of its length)";
  if (kind == "chunk") return "chunk (the other sentences)";
  constexpr std::string_view kOffset = "control_offset_";
  if (kind.starts_with(kOffset))
    return fmt::format("{} (its push moved by {} tokens)", kind, kind.substr(kOffset.size()));
  return kind;
}

// Anchors against other kinds at the chosen epsilon, by a measure; kinds in their order, layers ascending.
std::vector<ContrastsOfKind> contrasts_by_kind(const std::vector<Contrast>& contrasts, double epsilon,
                                               const std::string& measure) {
  std::map<std::tuple<int, int, std::string>, ContrastsOfKind> kinds;
  for (const Contrast& c : contrasts)
    if (c.epsilon == epsilon && c.measure == measure && c.span_kind != c.against_kind)
      kinds[order_of(c.against_kind)].push_back(&c);
  std::vector<ContrastsOfKind> sorted;
  for (auto& [order, of_kind] : kinds) sorted.push_back(std::move(of_kind));
  return sorted;
}

// "ratio 0.468 [0.393, 0.553]", or the difference, if a ratio has no meaning or no bound.
std::string size_text(const Contrast& c) {
  const ResponseMeasure& measure = response_measure_named(c.measure);
  if (c.ratio && (c.ratio_t.low || !c.difference.standard_error))
    return fmt::format("ratio {}{}", short_number(*c.ratio), short_interval(c.ratio_t.low, c.ratio_t.high));
  return fmt::format("difference {}{}{}", short_number(c.difference.mean),
                     short_interval(c.difference.ci_low, c.difference.ci_high), unit_suffix(measure));
}

std::string detail_of(const Contrast& c) {
  std::string text = size_text(c);
  if (c.p_value) text += fmt::format(", p = {:.2g}, larger in {} of {}", *c.p_value, c.larger, c.pairs);
  return text;
}

// " (ratio 0.5 to 2)" of several layers.
std::string range_of(const ContrastsOfKind& group) {
  std::vector<double> ratios;
  std::vector<double> differences;
  for (const Contrast* c : group) {
    if (c->ratio) ratios.push_back(*c->ratio);
    differences.push_back(c->difference.mean);
  }
  const bool has_ratios = ratios.size() == group.size();
  const auto [low, high] = std::ranges::minmax(has_ratios ? ratios : differences);
  return has_ratios ? fmt::format("ratio {}", range_text(low, high))
                    : fmt::format("difference {}{}", range_text(low, high),
                                  unit_suffix(response_measure_named(group.front()->measure)));
}

bool is_all_zero(const Contrast& c) { return c.first == 0 && c.second == 0; }

std::string words_for(Verdict verdict, const ContrastsOfKind& group) {
  switch (verdict) {
    case Verdict::kLarger:
      return "larger";
    case Verdict::kSmaller:
      return "smaller";
    case Verdict::kUnclear:
      return "no clear difference";
    case Verdict::kIdentical:
      return std::ranges::all_of(group, [](const Contrast* c) { return is_all_zero(*c); })
                 ? "both exactly 0"
                 : "the same difference in every example, which gives no interval,";
    case Verdict::kUnknown:
      return "one example, which gives no interval,";
  }
  return {};
}

// "larger at layers 20 and 28 (ratio 1.4 to 1.9); no clear difference at layer 24 (ratio 1.1 [0.8, 1.4], p =
// 0.5, larger in 6 of 10)".
std::string verdicts_text(const ContrastsOfKind& contrasts, const std::vector<int32_t>& layers) {
  std::map<std::pair<Verdict, bool>, ContrastsOfKind> groups;  // zeros by themselves
  for (const Contrast* c : contrasts) groups[{verdict_of(*c), is_all_zero(*c)}].push_back(c);
  std::string text;
  for (const auto& [key, group] : groups) {
    const auto& [verdict, is_zero] = key;
    std::vector<int32_t> places;
    for (const Contrast* c : group) places.push_back(c->layer);
    if (!text.empty()) text += "; ";
    text += fmt::format("{} at {}", words_for(verdict, group), layers_text(places, layers));
    if (is_zero) continue;
    text += fmt::format(" ({})", group.size() == 1 ? detail_of(*group.front()) : range_of(group));
  }
  return text;
}

double smallest_positive(const std::vector<double>& epsilons) {
  const auto found = std::ranges::find_if(epsilons, [](double epsilon) { return epsilon > 0; });
  return found == epsilons.end() ? 0 : *found;
}

bool is_moved_push(const ContrastsOfKind& contrasts) {
  return contrasts.front()->against_kind.starts_with("control_offset_");
}

// Many kinds in one sentence; each of them is in the numbers.
std::string moved_pushes_text(const std::vector<ContrastsOfKind>& kinds) {
  std::map<Verdict, int64_t> counts;
  int64_t all = 0;
  for (const ContrastsOfKind& of_kind : kinds)
    for (const Contrast* c : of_kind) {
      ++counts[verdict_of(*c)];
      ++all;
    }
  const int64_t others = all - counts[Verdict::kLarger] - counts[Verdict::kSmaller];
  return fmt::format(
      "Against itself with its push moved by some tokens (control_offset, {} and {}): larger in {} of {} "
      "contrasts, "
      "smaller in {}, no clear difference in {}.",
      counted(std::ssize(kinds), "distance"), counted(std::ssize(kinds.front()), "layer"),
      counts[Verdict::kLarger], all, counts[Verdict::kSmaller], others);
}

// At which kind and layer the ratio changes most between the smallest positive epsilon and the chosen one;
// empty if it hardly does.
std::string change_with_epsilon(const Analysis& a) {
  constexpr double kNotable = 1.25;
  const double small = smallest_positive(a.epsilons);
  if (small == 0 || small == a.epsilon || a.epsilon <= 0) return "";
  const Contrast* most = nullptr;
  const Contrast* beside = nullptr;
  double largest = std::log(kNotable);
  for (const Contrast& here : a.contrasts) {
    if (here.epsilon != a.epsilon || here.span_kind == here.against_kind || !here.ratio_t.low ||
        here.ratio.value_or(0) <= 0)
      continue;
    for (const Contrast& there : a.contrasts) {
      if (there.epsilon != small || there.against_kind != here.against_kind || there.layer != here.layer ||
          there.span_kind != here.span_kind || !there.ratio_t.low || there.ratio.value_or(0) <= 0)
        continue;
      const double change = std::abs(std::log(*here.ratio / *there.ratio));
      if (change < largest) continue;
      largest = change;
      most = &here;
      beside = &there;
    }
  }
  if (most == nullptr) return "";
  return fmt::format(
      "The answer depends on epsilon: against {} at layer {}, {} at epsilon {:g} and {} at {:g}.",
      most->against_kind, most->layer, size_text(*beside), small, size_text(*most), a.epsilon);
}

const std::vector<std::string>& contrast_columns() {
  static const std::vector<std::string> columns{"against_span_kind",
                                                "layer",
                                                "measure",
                                                "ratio",
                                                "ratio_t_low",
                                                "ratio_t_high",
                                                "difference",
                                                "t_low",
                                                "t_high",
                                                "p_value",
                                                "larger",
                                                "pairs",
                                                "rows",
                                                "against_rows"};
  return columns;
}

void add_row(const Contrast& c, ResultTable& table) {
  table.rows.push_back({c.against_kind, int64_t{c.layer}, c.measure, cell_of(c.ratio), cell_of(c.ratio_t.low),
                        cell_of(c.ratio_t.high), c.difference.mean, cell_of(c.difference.ci_low),
                        cell_of(c.difference.ci_high), cell_of(c.p_value), c.larger, c.pairs, c.rows,
                        c.against_rows});
}

bool has_anchors(const Analysis& a) {
  return std::ranges::any_of(a.spread, [](const SpreadPoint& p) { return p.span_kind == kAnchorKind; });
}

// Spans whose number of rows differs from the anchors' by more than this part of it are of another length.
constexpr double kSameLength = 0.1;

bool is_of_another_length(const Contrast& c) {
  return std::abs(c.against_rows - c.rows) > kSameLength * c.rows;
}

}  // namespace

Answer anchor_answer(const Analysis& a) {
  Answer answer{.name = "anchor",
                .question = "Is the anchor more sensitive than comparable sentences?",
                .numbers = {.name = "anchor", .columns = contrast_columns()},
                .table = table::kContrasts};
  const auto kinds = contrasts_by_kind(a.contrasts, a.epsilon, a.measure.name);
  if (kinds.empty()) {
    answer.sentences.push_back(
        has_anchors(a)
            ? "The run has nothing to compare the anchor with. Sweep the spans anchor and controls."
            : "The run has no anchors. Sweep the spans anchor and controls.");
    answer.numbers = {};
    return answer;
  }
  answer.sentences.push_back(fmt::format(
      "The anchor's {} at epsilon {:g}, compared within each example:", a.measure.label, a.epsilon));
  std::vector<ContrastsOfKind> moved;
  for (const ContrastsOfKind& of_kind : kinds) {
    for (const Contrast* c : of_kind) add_row(*c, answer.numbers);
    if (is_moved_push(of_kind) && a.layers.size() > 1) {
      moved.push_back(of_kind);
      continue;
    }
    const Contrast& first = *of_kind.front();
    answer.sentences.push_back(fmt::format("Against {}, {}: {}.", described_kind(first.against_kind),
                                           counted(first.pairs, "example"),
                                           verdicts_text(of_kind, a.layers)));
  }
  if (!moved.empty()) answer.sentences.push_back(moved_pushes_text(moved));
  if (std::string change = change_with_epsilon(a); !change.empty()) answer.sentences.push_back(change);
  return answer;
}

std::optional<Answer> length_answer(const Analysis& a) {
  const auto kinds = contrasts_by_kind(a.length_contrasts, a.epsilon, "kl");
  if (kinds.empty()) return std::nullopt;
  Answer answer{.name = "length",
                .question = "Is that a difference of length?",
                .numbers = {.name = "length", .columns = contrast_columns()},
                .table = table::kLengthContrasts};
  std::vector<std::string> alike;
  for (const ContrastsOfKind& of_kind : kinds) {
    const Contrast& first = *of_kind.front();
    for (const Contrast& c : a.length_contrasts)
      if (c.epsilon == a.epsilon && c.against_kind == first.against_kind) add_row(c, answer.numbers);
    if (!is_of_another_length(first)) {
      alike.push_back(first.against_kind);
      continue;
    }
    const auto by = [&](const char* measure) -> std::string {
      for (const auto& found : contrasts_by_kind(a.length_contrasts, a.epsilon, measure))
        if (found.front()->against_kind == first.against_kind) return verdicts_text(found, a.layers);
      return "not known, because that row is not read";
    };
    answer.sentences.push_back(
        fmt::format("The anchor is read on {:.3g} rows, {} on {:.3g}. KL on the pushed token's own row: {}. "
                    "KL summed over "
                    "the rows: {}.",
                    first.rows, first.against_kind, first.against_rows, by("kl_own_row"), by("kl_sum")));
  }
  if (!answer.sentences.empty())
    answer.sentences.insert(
        answer.sentences.begin(),
        "A mean over rows divides by their number. If the response is mostly in one row, longer "
        "spans have smaller means, and a contrast of means is also one of lengths.");
  if (answer.sentences.empty())
    answer.sentences.push_back(
        fmt::format("No: all that the anchor is compared with has its number of rows, within {:g} %.",
                    100 * kSameLength));
  else if (!alike.empty())
    answer.sentences.push_back(fmt::format("{} {} the anchor's number of rows, within {:g} %.",
                                           in_words(alike), alike.size() == 1 ? "has" : "have",
                                           100 * kSameLength));
  return answer;
}

}  // namespace tugline
