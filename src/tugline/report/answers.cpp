#include "tugline/report/answers.h"

#include <fmt/ranges.h>

#include <cmath>
#include <map>
#include <set>
#include <type_traits>

#include "tugline/core/plural.h"
#include "tugline/report/answer_sentences.h"
#include "tugline/stats/analysis_options.h"

namespace tugline {
namespace {

// A level of significance that goes with the intervals.
constexpr double kLevel = 1 - kConfidence;

std::vector<const MeanPoint*> means_of(const Analysis& a, const std::string& kind) {
  std::vector<const MeanPoint*> means;
  for (const MeanPoint& point : a.means)
    if (point.span_kind == kind && point.epsilon == a.epsilon) means.push_back(&point);
  return means;
}

// The contrast of two layers of a kind at the chosen epsilon.
const Contrast* layer_contrast(const Analysis& a, const std::string& kind, int32_t one, int32_t other) {
  const auto [low, high] = std::minmax(one, other);
  for (const Contrast& c : a.contrasts)
    if (c.epsilon == a.epsilon && c.span_kind == kind && c.against_kind == kind && c.layer == low &&
        c.against_layer == high)
      return &c;
  return nullptr;
}

std::string rivals_text(const Analysis& a, const std::string& kind, int32_t top) {
  std::vector<int32_t> unclear;
  bool has_intervals = false;
  for (const int32_t layer : a.layers) {
    const Contrast* c = layer == top ? nullptr : layer_contrast(a, kind, top, layer);
    if (c == nullptr) continue;
    const Verdict verdict = verdict_of(*c);
    has_intervals = has_intervals || verdict == Verdict::kLarger || verdict == Verdict::kSmaller ||
                    verdict == Verdict::kUnclear;
    if (verdict == Verdict::kUnclear) unclear.push_back(layer);
  }
  if (!has_intervals) return "Intervals of the differences between layers need more spans or examples.";
  return unclear.empty()
             ? fmt::format("Layer {} is clearly above every other layer.", top)
             : fmt::format("Layer {} is not clearly above {}.", top, layers_text(unclear, a.layers));
}

std::optional<Answer> layers_answer(const Analysis& a) {
  if (a.layers.size() < 2) return std::nullopt;
  const std::string kind = main_kind(a);
  const auto means = means_of(a, kind);
  Answer answer{.name = "layers",
                .question = "Which layer responds most?",
                .numbers = {.name = "layers", .columns = {"span_kind", "layer", a.measure.name}},
                .table = table::kMeans};
  for (const MeanPoint* point : means)
    answer.numbers.rows.push_back({point->span_kind, int64_t{point->layer}, point->kl});
  const auto [least, most] =
      std::ranges::minmax_element(means, {}, [](const MeanPoint* point) { return point->kl; });
  if ((*least)->kl == (*most)->kl) {
    answer.sentences.push_back(fmt::format("{} spans: {} at epsilon {:g} is the same at {}, {}{}.", kind,
                                           a.measure.label, a.epsilon, layers_text(a.layers, a.layers),
                                           short_number((*most)->kl), unit_suffix(a.measure)));
    return answer;
  }
  std::string text =
      fmt::format("{} spans: {} at epsilon {:g} is largest at layer {} ({}{}) and smallest at layer {} ({})",
                  kind, a.measure.label, a.epsilon, (*most)->layer, short_number((*most)->kl),
                  unit_suffix(a.measure), (*least)->layer, short_number((*least)->kl));
  if (a.measure.is_divergence && (*least)->kl > 0)
    text += fmt::format(", {} times less", short_number((*most)->kl / (*least)->kl));
  answer.sentences.push_back(text + ".");
  answer.sentences.push_back(rivals_text(a, kind, (*most)->layer));
  return answer;
}

bool is_zero(const Analysis& a, const ShapeOfCurve& shape) {
  return std::ranges::all_of(a.means, [&](const MeanPoint& point) {
    return point.span_kind != shape.span_kind || point.layer != shape.layer || point.kl == 0;
  });
}

// Which curves of the kind leave their fit, and where.
std::string departures_text(const Analysis& a, const std::string& kind) {
  std::vector<std::string> leave;
  std::vector<int32_t> stay;
  std::vector<int32_t> before;
  std::vector<int32_t> zero;
  for (const ShapeOfCurve& shape : a.shapes) {
    if (shape.span_kind != kind || !shape.plateau) continue;
    if (is_zero(a, shape)) {
      zero.push_back(shape.layer);
    } else if (shape.plateau->place == Crossing::Place::kWithin) {
      leave.push_back(fmt::format("layer {} at {}{}", shape.layer, short_number(shape.plateau->epsilon),
                                  short_interval(shape.plateau_interval.low, shape.plateau_interval.high)));
    } else if (shape.plateau->place == Crossing::Place::kBefore) {
      before.push_back(shape.layer);
    } else {
      stay.push_back(shape.layer);
    }
  }
  std::vector<std::string> parts;
  if (!leave.empty()) parts.push_back("these leave it: " + in_words(leave));
  if (!before.empty())
    parts.push_back(layers_text(before, a.layers) + " left it before the smallest epsilon");
  if (!stay.empty())
    parts.push_back(fmt::format("{} stay{} within {:g} % of it up to epsilon {:g}",
                                layers_text(stay, a.layers), stay.size() == 1 ? "s" : "",
                                100 * kPlateauTolerance, a.epsilons.back()));
  if (!zero.empty())
    parts.push_back(fmt::format("{} {} exactly 0 at every epsilon", layers_text(zero, a.layers),
                                zero.size() == 1 ? "is" : "are"));
  return fmt::format("{}", fmt::join(parts, "; "));
}

Answer quadratic_answer(const Analysis& a) {
  Answer answer{
      .name = "quadratic", .question = "Where does the curve stop being quadratic?", .table = table::kShapes};
  if (!a.measure.is_quadratic) {
    answer.sentences.push_back(fmt::format(
        "The {} is not quadratic at small epsilons, so the question does not arise.", a.measure.label));
    return answer;
  }
  if (a.epsilons.back() <= 0) {
    answer.sentences.push_back("Not known: the run has no positive epsilon.");
    return answer;
  }
  if (a.fit_points < 2) {
    answer.sentences.push_back(
        fmt::format("Not known: the fit needs two epsilons in 0 < |eps| <= {:g}, and the run has {}.",
                    a.fit_largest, a.fit_points));
    return answer;
  }
  const std::string kind = main_kind(a);
  answer.sentences.push_back(
      fmt::format("{} spans, {:g} % off the fit a eps^2 + b eps on 0 < |eps| <= {:g}: {}.", kind,
                  100 * kPlateauTolerance, a.fit_largest, departures_text(a, kind)));
  answer.numbers = {.name = "quadratic",
                    .columns = {"span_kind", "layer", "a", "plateau_width", "plateau_low", "plateau_high"}};
  for (const ShapeOfCurve& s : a.shapes)
    if (s.span_kind == kind)
      answer.numbers.rows.push_back({s.span_kind, int64_t{s.layer}, s.fit ? Cell(s.fit->a) : Cell(),
                                     s.plateau ? cell_of(s.plateau->value()) : Cell(),
                                     cell_of(s.plateau_interval.low), cell_of(s.plateau_interval.high)});
  return answer;
}

Cell count_cell(const std::optional<int64_t>& count) { return count ? Cell(*count) : Cell(); }

// The smallest and the largest of a number over the layers.
template <typename Value>
std::string range_over(const std::vector<const DirectionsNeeded*>& layers, Value value) {
  auto low = (layers.front()->*value).value();
  auto high = low;
  for (const DirectionsNeeded* needed : layers) {
    low = std::min(low, (needed->*value).value());
    high = std::max(high, (needed->*value).value());
  }
  if constexpr (std::is_integral_v<decltype(low)>)  // a count is written out
    return low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high);
  else
    return range_text(low, high);
}

std::string directions_sentences(const std::string& kind, int64_t spans,
                                 const std::vector<const DirectionsNeeded*>& layers) {
  using Needed = DirectionsNeeded;
  std::string text =
      fmt::format("Mean over {}: {} % error with the run's {}; directions needed: {} for 5 %, {} for 2 %.",
                  counted(spans, kind + " span"), range_over(layers, &Needed::error_percent),
                  counted(layers.front()->directions, "direction"),
                  range_over(layers, &Needed::for_5_percent), range_over(layers, &Needed::for_2_percent));
  if (spans > 1)
    text += fmt::format(
        " One {} span by itself: {} % now; needed: {} for 5 %, {} for 2 %. With the spread between spans and "
        "examples, "
        "which more directions do not remove, the mean's error is {} %.",
        kind, range_over(layers, &Needed::span_error_percent),
        range_over(layers, &Needed::span_for_5_percent), range_over(layers, &Needed::span_for_2_percent),
        range_over(layers, &Needed::all_error_percent));
  return text;
}

Answer directions_answer(const Analysis& a, const RunFacts& facts) {
  Answer answer{
      .name = "directions", .question = "How many directions do I need?", .table = table::kDirectionsNeeded};
  if (facts.directions != RunFacts::Directions::kRandom) {
    answer.sentences.push_back(
        facts.directions == RunFacts::Directions::kSupplied
            ? "The question does not arise: the directions are supplied vectors and not a sample."
            : "The question does not arise: principal components are the same at every site and not a "
              "sample.");
    return answer;
  }
  if (a.directions < 2) {
    answer.sentences.push_back(
        "Not known: the spread over directions needs at least two directions at each span.");
    return answer;
  }
  if (!a.measure.is_divergence) {
    answer.sentences.push_back(
        fmt::format("Relative errors have no meaning for the {}, which may be negative.", a.measure.label));
    return answer;
  }
  answer.numbers = {
      .name = "directions",
      .columns = {"span_kind", "layer", "directions", "error_percent", "for_5_percent", "for_2_percent",
                  "span_error_percent", "span_for_5_percent", "span_for_2_percent", "all_error_percent"}};
  for (const std::string& kind : std::set<std::string>{main_kind(a), "chunk"}) {
    std::vector<const DirectionsNeeded*> layers;
    for (const DirectionsNeeded& n : a.directions_needed) {
      if (n.span_kind != kind || n.epsilon != a.epsilon || !n.error_percent) continue;
      layers.push_back(&n);
      answer.numbers.rows.push_back({n.span_kind, int64_t{n.layer}, n.directions, cell_of(n.error_percent),
                                     count_cell(n.for_5_percent), count_cell(n.for_2_percent),
                                     cell_of(n.span_error_percent), count_cell(n.span_for_5_percent),
                                     count_cell(n.span_for_2_percent), cell_of(n.all_error_percent)});
    }
    const auto means = means_of(a, kind);
    if (!layers.empty() && !means.empty())
      answer.sentences.push_back(directions_sentences(kind, means.front()->spans, layers));
  }
  if (answer.sentences.empty())
    answer.sentences.push_back("Not known: the responses are exactly 0 at this epsilon.");
  else if (a.layers.size() > 1)
    answer.sentences.push_back("Ranges are over the layers.");
  return answer;
}

std::optional<Answer> vectors_answer(const Analysis& a) {
  std::vector<const NullContrast*> here;
  for (const NullContrast& c : a.null_contrasts)
    if (c.epsilon == a.epsilon) here.push_back(&c);
  if (here.empty()) return std::nullopt;
  Answer answer{.name = "vectors",
                .question = "Does a supplied vector do more than a random direction?",
                .numbers = {.name = "vectors",
                            .columns = {"span_kind", "layer", "direction", a.measure.name, "null_low",
                                        "null_high", "null_as_large", "null_directions", "p_value"}},
                .table = table::kNullContrasts};
  for (const NullContrast* c : here)
    answer.numbers.rows.push_back({c->span_kind, int64_t{c->layer}, int64_t{c->direction}, c->kl, c->null_low,
                                   c->null_high, c->null_as_large, c->null_directions, c->p_value});
  std::ranges::stable_sort(here, {}, [](const NullContrast* c) { return c->p_value; });
  const auto differ = std::ranges::count_if(here, [](const NullContrast* c) { return c->p_value <= kLevel; });
  answer.sentences.push_back(fmt::format(
      "At epsilon {:g}, {} of {} differ from the {} random directions at p <= {:g} (two-sided, not "
      "adjusted).",
      a.epsilon, differ, counted(std::ssize(here), "response"), here.front()->null_directions, kLevel));
  constexpr size_t kShown = 4;
  for (size_t i = 0; i < std::min(here.size(), kShown); ++i) {
    const NullContrast& c = *here[i];
    answer.sentences.push_back(fmt::format(
        "Vector {}, {} spans, layer {}: {} {}{}, 95 % of the random directions from {} to {}; {} of {} are "
        "at least "
        "as large; p = {:.2g}.",
        c.direction, c.span_kind, c.layer, a.measure.label, short_number(c.kl), unit_suffix(a.measure),
        short_number(c.null_low), short_number(c.null_high), c.null_as_large, c.null_directions, c.p_value));
  }
  return answer;
}

std::optional<Answer> metrics_answer(const Analysis& a) {
  std::vector<const MetricCorrelation*> tests;
  const std::string measure = a.measure.is_quadratic && a.fit_points >= 2 ? "abs_a" : "kl";
  for (const MetricCorrelation& c : a.correlations)
    if (c.measure == measure && c.spearman.coefficient && c.spearman.q_value) tests.push_back(&c);
  if (tests.empty()) return std::nullopt;
  const std::string name = measure == "kl" ? a.measure.label : "the sensitivity |a|";
  Answer answer{.name = "metrics",
                .question = "Does the response go with the dataset's metrics?",
                .numbers = {.name = "metrics",
                            .columns = {"metric", "span_kind", "layer", "scaling", "spearman", "spearman_p",
                                        "spearman_q", "spans", "examples"}},
                .table = table::kCorrelations};
  for (const MetricCorrelation* c : tests)
    answer.numbers.rows.push_back({c->metric, c->span_kind, int64_t{c->layer},
                                   std::string(name_of(c->scaling)), cell_of(c->spearman.coefficient),
                                   cell_of(c->spearman.p_value), cell_of(c->spearman.q_value), c->spans,
                                   c->examples});
  const auto clear =
      std::ranges::count_if(tests, [](const MetricCorrelation* c) { return *c->spearman.q_value <= kLevel; });
  const MetricCorrelation& best = **std::ranges::min_element(tests, {}, [](const MetricCorrelation* c) {
    return std::pair(*c->spearman.q_value, -std::abs(*c->spearman.coefficient));
  });
  answer.sentences.push_back(fmt::format("{} of {} of {} with a metric {} q <= {:g}.", clear,
                                         counted(std::ssize(tests), "rank correlation"), name,
                                         clear == 1 ? "has" : "have", kLevel));
  answer.sentences.push_back(fmt::format(
      "The smallest q: {}, {} spans, layer {}, {}: rho = {:+.3f}, p = {:.2g}, q = {:.2g}, {}.", best.metric,
      best.span_kind, best.layer, name_of(best.scaling) == "pooled" ? "pooled" : "scaled within examples",
      *best.spearman.coefficient, best.spearman.p_value.value_or(1), *best.spearman.q_value,
      counted(best.spans, "span")));
  return answer;
}

std::string described(const UnitKey& key) {
  return fmt::format("example {}, {}{}, layer {}", key.example, key.span_kind,
                     key.span_kind == "chunk" ? fmt::format(" {}", key.chunk) : "", key.layer);
}

Answer audit_answer(const RunFacts& facts) {
  Answer answer{.name = "audit", .question = "Are the numbers right?"};
  if (facts.is_rounding_noise) {
    answer.sentences.push_back(
        "No, and they are not meant to be: the run includes bf16's rounding noise (precision plain-bf16).");
    return answer;
  }
  if (!facts.worst_disagreement) {
    answer.sentences.push_back("Not checked: no push was rerun in f64 (the setting audit).");
    return answer;
  }
  answer.sentences.push_back(fmt::format(
      "{} of {} rerun in f64. The worst relative disagreement of a mean KL is {:.1e} ({}).",
      counted(facts.audited, "push"), counted(facts.units, "unit") + (facts.audited == 1 ? " was" : " were"),
      *facts.worst_disagreement, described(facts.worst_unit)));
  answer.sentences.push_back(facts.beyond_bound.empty()
                                 ? "No unit is beyond the bound of a measure."
                                 : fmt::format("{} BEYOND the bound of a measure, the first {}.",
                                               counted(std::ssize(facts.beyond_bound), "unit") +
                                                   (facts.beyond_bound.size() == 1 ? " is" : " are"),
                                               described(facts.beyond_bound.front())));
  return answer;
}

}  // namespace

std::vector<Answer> answers_of(const Analysis& analysis, const RunFacts& facts) {
  std::vector<Answer> answers{anchor_answer(analysis)};
  const auto add = [&](std::optional<Answer> answer) {
    if (answer) answers.push_back(std::move(*answer));
  };
  add(length_answer(analysis));
  add(layers_answer(analysis));
  add(quadratic_answer(analysis));
  add(directions_answer(analysis, facts));
  add(vectors_answer(analysis));
  add(metrics_answer(analysis));
  add(audit_answer(facts));
  return answers;
}

std::string note_of_few_examples(const Analysis& analysis) {
  std::map<int64_t, std::vector<std::string>> kinds;
  for (const MeanPoint& point : analysis.means)
    if (point.examples < kFewExamples && point.epsilon == analysis.epsilon &&
        point.layer == analysis.layers.front())
      kinds[point.examples].push_back(point.span_kind);
  if (kinds.empty()) return "";
  constexpr size_t kMostNamed = 3;
  std::vector<std::string> counts;
  for (const auto& [examples, of_kind] : kinds)
    counts.push_back(fmt::format("{} ({})", counted(examples, "example"),
                                 of_kind.size() <= kMostNamed
                                     ? in_words(of_kind)
                                     : counted(std::ssize(of_kind), "kind") + " of span"));
  return fmt::format(
      "Only {}: below {}, intervals (t and bootstrap) tend to be too narrow and p-values too small.",
      in_words(counts), kFewExamples);
}

ResultTable answers_table(const std::vector<Answer>& answers) {
  ResultTable table{.name = table::kAnswers, .columns = {"name", "question", "answer", "table"}};
  for (const Answer& answer : answers)
    table.rows.push_back({answer.name, answer.question, fmt::format("{}", fmt::join(answer.sentences, " ")),
                          answer.table.empty() ? Cell() : Cell(answer.table)});
  return table;
}

}  // namespace tugline
