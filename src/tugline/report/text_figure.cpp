#include "tugline/report/text_figure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/captions.h"
#include "tugline/report/figure_style.h"
#include "tugline/report/measured_curves.h"

namespace tugline {
namespace {

constexpr size_t kMostExamples = 12;
constexpr size_t kLongestWords = 48;
constexpr size_t kMostWithBars = 3;  // layers whose bars can be told apart in a small panel

// One chunk of an example.
struct Sentence {
  std::string words = {};
  TokenRange tokens = {};
  bool has_anchor = false;
  std::map<int32_t, MeanEstimate> by_layer = {};  // over the directions
};
using Text = std::map<int64_t, Sentence>;  // by chunk
using Texts = std::map<int64_t, Text>;     // by example

bool is_among(const std::vector<int32_t>& layers, int32_t layer) {
  return std::find(layers.begin(), layers.end(), layer) != layers.end();
}

MeanEstimate mean_at(const RunStore& store, const UnitRecord& unit, const FigureSubject& subject,
                     double epsilon) {
  std::vector<double> values;
  for (const ResponseRecord& response :
       with_measure(store.responses(unit.key, RowValues::kSkip), unit.measured.rows.size(), subject.measure))
    if (response.epsilon == epsilon && response.set == DirectionSet::kMain) values.push_back(response.kl());
  return values.empty() ? MeanEstimate{.mean = NAN} : mean_of_independent(values);
}

int64_t shared_tokens(const TokenRange& a, const TokenRange& b) {
  return std::min(a.end, b.end) - std::max(a.begin, b.begin);
}

// Marks the chunk that the anchor is, or, if the run does not know it, the one that shares most tokens with
// it.
void mark_anchor(const UnitRecord& anchor, Text& text) {
  const auto known = text.find(anchor.key.chunk);
  if (known != text.end()) {
    known->second.has_anchor = true;
    return;
  }
  const auto most = std::max_element(text.begin(), text.end(), [&](const auto& a, const auto& b) {
    return shared_tokens(a.second.tokens, anchor.span) < shared_tokens(b.second.tokens, anchor.span);
  });
  if (most != text.end() && shared_tokens(most->second.tokens, anchor.span) > 0)
    most->second.has_anchor = true;
}

Texts read_texts(const RunStore& store, const FigureSubject& subject, double epsilon) {
  Texts texts;
  std::vector<UnitRecord> anchors;
  for (const UnitRecord& unit : store.units()) {
    if (unit.key.span_kind == "anchor") anchors.push_back(unit);
    const bool is_wanted = subject.examples.empty() || unit.key.example == subject.examples.front();
    if (unit.key.span_kind != "chunk" || !is_wanted || !is_among(subject.layers, unit.key.layer)) continue;
    if (texts.size() == kMostExamples && !texts.contains(unit.key.example)) continue;
    Sentence& sentence = texts[unit.key.example][unit.key.chunk];
    sentence.words = unit.span_text;
    sentence.tokens = unit.span;
    const MeanEstimate mean = mean_at(store, unit, subject, epsilon);
    if (std::isfinite(mean.mean)) sentence.by_layer[unit.key.layer] = mean;
  }
  for (const UnitRecord& anchor : anchors)
    if (const auto text = texts.find(anchor.key.example); text != texts.end())
      mark_anchor(anchor, text->second);
  return texts;
}

// A curve per layer along the text, for the axes and the panels.
std::vector<Curve> curves_of(const Text& text, const FigureSubject& subject) {
  const std::vector<std::string> colours = curve_colours(subject.layers.size());
  std::vector<Curve> curves;
  for (size_t l = 0; l < subject.layers.size(); ++l) {
    Curve curve{.name = fmt::format("{}", subject.layers[l]), .colour = colours[l]};
    for (const auto& [chunk, sentence] : text) {
      const auto found = sentence.by_layer.find(subject.layers[l]);
      if (found == sentence.by_layer.end()) continue;
      CurvePoint point{.span_kind = "chunk", .layer = subject.layers[l], .spans = 1, .examples = 1};
      point.kl = found->second;
      curve.values.push_back({.x = static_cast<double>(chunk), .of = point});
    }
    if (!curve.values.empty()) curves.push_back(std::move(curve));
  }
  return curves;
}

// The words of the chunks down the side, their responses beside them.
Panel panel_of_words(const Text& text, const std::vector<Curve>& curves, const CurveAxes& axes) {
  Panel panel{.x = axes.y};
  std::vector<std::string> names;
  std::map<int64_t, double> rows;
  for (auto entry = text.rbegin(); entry != text.rend(); ++entry) {
    rows[entry->first] = static_cast<double>(names.size());
    std::string words = shortened(entry->second.words, kLongestWords);
    std::replace_if(
        words.begin(), words.end(), [](unsigned char c) { return c < 0x20; }, ' ');
    names.push_back(fmt::format("{}{}  {}", entry->second.has_anchor ? "► " : "", words, entry->first));
  }
  constexpr double kApart = 0.22;  // of a row: the bars of its layers
  const bool has_bars = curves.size() <= kMostWithBars;
  double above = has_bars ? kApart * static_cast<double>(curves.size() - 1) / 2 : 0;
  for (const Curve& curve : curves) {
    Series line{.colour = curve.colour, .opacity = 0.35, .width = 1};
    Series bars{.form = has_bars ? Form::kSideBars : Form::kPoints,
                .colour = curve.colour,
                .width = 1.2,
                .size = 0.6};
    for (const CurveValue& value : curve.values) {
      Mark mark = mark_of(curve, value, axes);
      if (axes.y.is_logarithmic && mark.y <= 0) continue;
      const double y = rows[static_cast<int64_t>(value.x)] + above;
      const double low = std::isfinite(mark.low) ? std::max(mark.low, axes.y.low) : mark.y;
      const double high = std::isfinite(mark.high) ? std::min(mark.high, axes.y.high) : mark.y;
      bars.marks.push_back({.x = mark.y, .y = y, .low = low, .high = high});
      line.marks.push_back({.x = mark.y, .y = y});
    }
    panel.series.push_back(std::move(line));
    panel.series.push_back(std::move(bars));
    if (has_bars) above -= kApart;
  }
  for (const auto& [chunk, sentence] : text)
    if (sentence.has_anchor) panel.across_y.push_back(rows[chunk]);
  panel.y = category_axis(names);
  return panel;
}

// A place for each chunk, of the longest text.
Axis chunk_axis(const Texts& texts) {
  int64_t last = 0;
  for (const auto& [example, text] : texts) last = std::max(last, text.rbegin()->first);
  std::vector<std::string> names;
  for (int64_t chunk = 0; chunk <= last; ++chunk) names.push_back(fmt::format("{}", chunk));
  Axis axis = category_axis(names);
  axis.name = "number of the chunk in its text";
  return axis;
}

Panel panel_of_numbers(int64_t example, const Text& text, const std::vector<Curve>& curves,
                       const CurveAxes& axes) {
  Panel panel{.title = fmt::format("example {}", example), .x = axes.x, .y = axes.y};
  const bool has_room = curves.size() <= kMostWithBars;
  for (const Curve& curve : curves) {
    // Sentences follow each other and have nothing between them: straight lines.
    std::vector<Mark> marks;
    for (const CurveValue& value : curve.values) marks.push_back(mark_of(curve, value, axes));
    marks = on_axes(marks, axes.x, axes.y);
    panel.series.push_back({.form = Form::kLine, .marks = marks, .colour = curve.colour, .width = 1.2});
    if (!has_room) continue;
    std::erase_if(marks, [](const Mark& mark) { return !std::isfinite(mark.low); });
    panel.series.push_back(
        {.form = Form::kBars, .marks = marks, .colour = curve.colour, .width = 1, .size = 0.35});
  }
  for (const auto& [chunk, sentence] : text)
    if (sentence.has_anchor) panel.across_x.push_back(static_cast<double>(chunk));
  return panel;
}

// Two directions have an interval.
bool has_bars(const std::vector<Curve>& curves) {
  return std::ranges::any_of(curves, [](const Curve& curve) {
    return std::ranges::any_of(curve.values, [](const CurveValue& v) { return v.of.kl.ci_low.has_value(); });
  });
}

void check_has_chunks(const Texts& texts, const RunView& view, const FigureSubject& subject) {
  if (!view.span_kinds.contains("chunk"))
    refuse("spans", "the kind text draws chunks, and the run has {}; sweep it with the spans chunks",
           fmt::join(view.span_kinds, ", "));
  if (!texts.empty()) return;
  std::vector<int64_t> measured;
  for (const auto& [example, content] : view.measured_contents) measured.push_back(example);
  constexpr size_t kNamed = 20;
  const bool is_long = measured.size() > kNamed;
  if (is_long) measured.resize(kNamed);
  refuse("example", "the run has no chunks of example {}; it has measured {}{}",
         subject.examples.empty() ? -1 : subject.examples.front(), fmt::join(measured, ", "),
         is_long ? " ..." : "");
}

}  // namespace

Figure text_figure(const RunStore& store, const RunView& view, const FigureSubject& subject) {
  FigureSubject about = subject;
  about.span_kinds = {"chunk"};
  const double epsilon = view.span_kinds.contains("chunk") ? epsilon_of(view, about) : 0;
  const Texts texts = read_texts(store, about, epsilon);
  check_has_chunks(texts, view, about);
  std::vector<Curve> all;
  for (const auto& [example, text] : texts)
    for (Curve& curve : curves_of(text, about)) all.push_back(std::move(curve));
  if (all.empty()) refuse("measure", "the run has no value of {} at ε = {:g}", about.measure.name, epsilon);
  const AxisScale scale = about.look.scale == AxisScale::kAuto || about.look.scale == AxisScale::kLogLog
                              ? AxisScale::kLog
                              : about.look.scale;
  const bool can_be_log = about.measure.is_divergence &&
                          std::any_of(all.begin(), all.end(), [](const Curve& c) { return !c.is_zero(); });
  CurveAxes axes = axes_of(all, about.measure,
                           can_be_log || about.look.scale != AxisScale::kAuto ? scale : AxisScale::kLinear);
  axes.x = chunk_axis(texts);
  Sheet sheet{.key_title = "layer"};
  const std::vector<std::string> colours = curve_colours(about.layers.size());
  if (about.layers.size() > 1)
    for (size_t l = 0; l < about.layers.size(); ++l)
      sheet.key.push_back({.name = fmt::format("{}", about.layers[l]), .look = {.colour = colours[l]}});
  if (sheet.key.empty()) sheet.key_title.clear();
  for (const auto& [example, text] : texts)
    sheet.panels.push_back(texts.size() == 1 ? panel_of_words(text, curves_of(text, about), axes)
                                             : panel_of_numbers(example, text, curves_of(text, about), axes));
  if (texts.size() == 1) {
    sheet.panels.front().x.name = axis_name(about.measure);
    sheet.panel_height = 24 + 21 * static_cast<double>(texts.begin()->second.size());
  } else {
    sheet.columns = columns_for(texts.size());
  }
  const bool has_room = about.layers.size() <= kMostWithBars;
  std::string drawn = has_room && has_bars(all) ? "Bars: 95 % t interval over directions." : "";
  drawn += view.span_kinds.contains("anchor") ? " Dashed line: the chunk of the anchor."
                                              : " The run did not measure anchors, so that none is marked.";
  if (texts.size() == kMostExamples && view.examples_measured > static_cast<int64_t>(kMostExamples))
    drawn += fmt::format(" The first {} of {}.", kMostExamples, counted(view.examples_measured, "example"));
  set_headings(sheet, view, "Sentence by sentence along the text",
               fmt::format("{}{}, ε = {:g}",
                           texts.size() == 1 ? fmt::format("example {}, ", texts.begin()->first) : "",
                           layers_text(about), epsilon));
  set_captions(
      sheet, view,
      {.spans = "chunks of " + counted(static_cast<int64_t>(texts.size()), "example"), .drawn = drawn});
  return figure_of(sheet, about.look);
}

}  // namespace tugline
