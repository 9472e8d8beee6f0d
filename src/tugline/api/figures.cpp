#include "tugline/api/figures.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>

#include "tugline/api/dose.h"
#include "tugline/api/named_value.h"
#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/core/suggestion.h"
#include "tugline/data/dataset.h"
#include "tugline/report/controls_figure.h"
#include "tugline/report/directions_figure.h"
#include "tugline/report/distance_figure.h"
#include "tugline/report/dose_figure.h"
#include "tugline/report/families_figure.h"
#include "tugline/report/layers_figure.h"
#include "tugline/report/measured_curves.h"
#include "tugline/report/span_figures.h"
#include "tugline/report/text_figure.h"

namespace tugline {
namespace {

using Draw = Figure (*)(const RunStore&, const RunView&, const FigureSubject&);

enum class Layers { kAll, kOne };      // what a kind draws without the setting "layer"
enum class Spans { kFirst, kChunks };  // the kind of span it prefers

// A kind of figure, and which settings it uses.
struct Kind {
  std::string_view name;
  Draw draw;  // nullptr: of several runs
  Layers layers = Layers::kAll;
  Spans spans = Spans::kFirst;
  bool has_kinds = false;  // takes several kinds of spans
  bool has_epsilon = false;
  bool has_metric = false;
  bool has_scale = true;
  bool has_target = false;  // draws doses, which are of KL
};

Figure doses_figure(const RunStore& store, const RunView& view, const FigureSubject& subject) {
  const DoseSettings settings{.kl = subject.target, .statistic = subject.statistic};
  return dose_figure(view, doses_in(store, settings, {}), subject);
}

constexpr std::array kKinds{
    Kind{.name = "curves", .draw = curves_figure, .has_kinds = true},
    Kind{.name = "layers", .draw = layers_figure, .has_scale = false},
    Kind{.name = "controls",
         .draw = controls_figure,
         .has_kinds = true,
         .has_epsilon = true,
         .has_scale = false},
    Kind{.name = "directions", .draw = directions_figure, .has_epsilon = true, .has_scale = false},
    Kind{.name = "dose", .draw = doses_figure, .has_kinds = true, .has_target = true},
    Kind{.name = "text", .draw = text_figure, .spans = Spans::kChunks, .has_epsilon = true},
    Kind{.name = "chunks",
         .draw = chunks_figure,
         .layers = Layers::kOne,
         .spans = Spans::kChunks,
         .has_metric = true},
    Kind{.name = "scatter",
         .draw = scatter_figure,
         .layers = Layers::kOne,
         .spans = Spans::kChunks,
         .has_metric = true,
         .has_scale = false},
    Kind{.name = "anisotropy",
         .draw = anisotropy_figure,
         .spans = Spans::kChunks,
         .has_epsilon = true,
         .has_scale = false},
    Kind{.name = "distance", .draw = distance_figure, .has_epsilon = true},
    Kind{.name = "families", .draw = nullptr, .layers = Layers::kOne},
};

template <typename Has>
std::vector<std::string_view> kinds_that(Has has) {
  std::vector<std::string_view> names;
  for (const Kind& kind : kKinds)
    if (has(kind)) names.push_back(kind.name);
  return names;
}

const Kind& kind_named(const std::string& name) {
  const auto found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& kind) { return kind.name == name; });
  if (found == kKinds.end()) {
    const auto kinds = kinds_that([](const Kind&) { return true; });
    refuse("kind", "'{}' is not one of {}{}", excerpt(name, 40), fmt::join(kinds, ", "),
           suggestion_for(name, {kinds.begin(), kinds.end()}));
  }
  return *found;
}

constexpr std::array<std::pair<std::string_view, FigureStyle>, 2> kStyles{
    {{"paper", FigureStyle::kPaper}, {"slides", FigureStyle::kSlides}}};
constexpr std::array<std::pair<std::string_view, AxisScale>, 4> kScales{{{"auto", AxisScale::kAuto},
                                                                         {"log-log", AxisScale::kLogLog},
                                                                         {"log", AxisScale::kLog},
                                                                         {"linear", AxisScale::kLinear}}};

Look look_of(const PlotSettings& settings, FigureFormat format) {
  constexpr double kNarrowest = 360;
  constexpr double kWidest = 4000;
  if (settings.width && !(*settings.width >= kNarrowest && *settings.width <= kWidest))
    refuse("width", "{} is not between {} and {} pixels", *settings.width, kNarrowest, kWidest);
  return {.format = format,
          .style = named_value("style", settings.style, kStyles),
          .scale = named_value("scale", settings.scale, kScales),
          .width = settings.width,
          .title = settings.title,
          .has_caption = settings.caption};
}

std::set<int32_t> layers_with(const RunView& view, const std::vector<std::string>& span_kinds) {
  std::set<int32_t> layers;
  for (const CurvePoint& point : view.curves)
    if (std::find(span_kinds.begin(), span_kinds.end(), point.span_kind) != span_kinds.end())
      layers.insert(point.layer);
  return layers;
}

std::vector<int32_t> layers_to_draw(const RunView& view, const std::vector<std::string>& span_kinds,
                                    const PlotSettings& settings) {
  const std::set<int32_t> layers = layers_with(view, span_kinds);
  if (settings.layer) {
    const auto layer = static_cast<int32_t>(*settings.layer);
    if (!layers.contains(layer) || layer != *settings.layer)
      refuse("layer", "the run has no layer {} with {} spans; it has {}", *settings.layer,
             fmt::join(span_kinds, ", "), fmt::join(layers, ", "));
    return {layer};
  }
  if (kind_named(settings.kind).layers == Layers::kOne) return {*layers.rbegin()};
  return {layers.begin(), layers.end()};
}

std::vector<std::string> span_kinds_of(const RunView& view, const PlotSettings& settings) {
  const Kind& kind = kind_named(settings.kind);
  // Single spans are looked at as chunks, of which there are many; curves begin with the anchor.
  const bool has_chunks = std::any_of(view.curves.begin(), view.curves.end(),
                                      [](const CurvePoint& point) { return point.span_kind == "chunk"; });
  const bool prefers_chunks = kind.spans == Spans::kChunks && settings.spans.empty() && has_chunks;
  std::vector<std::string> kinds = span_kinds_to_draw(view, prefers_chunks ? "chunk" : settings.spans);
  if (kinds.size() > 1 && !kind.has_kinds)
    refuse("spans", "the kind {} draws one kind of span, and {} are named: {}", kind.name, kinds.size(),
           fmt::join(kinds, ", "));
  return kinds;
}

FigureSubject subject_of(const RunView& view, const PlotSettings& settings, FigureFormat format) {
  FigureSubject subject{.span_kinds = span_kinds_of(view, settings),
                        .measure = response_measure_named(settings.measure),
                        .epsilon = settings.epsilon,
                        .metric = settings.metric,
                        .look = look_of(settings, format)};
  constexpr double kUsualTarget = 0.1;  // nats, as of an analysis
  subject.target = settings.kl.value_or(kUsualTarget);
  subject.statistic = settings.statistic;
  if (settings.example) subject.examples = {*settings.example};
  subject.layers = layers_to_draw(view, subject.span_kinds, settings);
  return subject;
}

Figure families_of(const std::vector<std::filesystem::path>& paths, const PlotSettings& settings,
                   FigureFormat format) {
  std::vector<FamilyRun> runs;
  const ResponseMeasure& measure = response_measure_named(settings.measure);
  for (const std::filesystem::path& path : paths) {
    const RunStore store = RunStore::open_read_only(path);
    FamilyRun run{.path = path, .view = view_of(store)};
    run.curves = measured_curves(store, run.view, measure);
    if (has_vectors(run.view)) run.vectors = curves_by_direction(store, measure);
    runs.push_back(std::move(run));
  }
  check_comparable(runs);
  const FigureSubject subject = subject_of(runs.front().view, settings, format);
  PlotSettings same = settings;
  same.layer = subject.layers.front();
  for (const FamilyRun& run : runs)  // an unfinished one may lack them
    (void)layers_to_draw(run.view, span_kinds_to_draw(run.view, subject.span_kinds.front()), same);
  return families_figure(runs, subject);
}

}  // namespace

std::vector<std::string_view> plot_kinds() {
  return kinds_that([](const Kind&) { return true; });
}

void check_plot(const PlotSettings& settings, size_t runs) {
  const Kind& kind = kind_named(settings.kind);
  (void)response_measure_named(settings.measure);
  (void)look_of(settings, FigureFormat::kSvg);
  if (settings.epsilon && !kind.has_epsilon)
    refuse("epsilon", "goes with the kinds {}, not with {}",
           fmt::join(kinds_that([](const Kind& k) { return k.has_epsilon; }), ", "), kind.name);
  const auto with_target = [] { return kinds_that([](const Kind& k) { return k.has_target; }); };
  if (settings.kl && !kind.has_target)
    refuse("kl", "goes with the kinds {}, not with {}", fmt::join(with_target(), ", "), kind.name);
  if (settings.statistic != "mean" && !kind.has_target)
    refuse("statistic", "goes with the kinds {}, not with {}", fmt::join(with_target(), ", "), kind.name);
  if (settings.measure != "kl" && kind.has_target)
    refuse("measure", "the kind {} is about KL, whose rows the setting statistic chooses", kind.name);
  if (settings.example && kind.name != "text")
    refuse("example", "goes with the kind text, not with {}", kind.name);
  if (settings.scale != "auto" && !kind.has_scale)
    refuse("scale", "goes with the kinds {}, not with {}",
           fmt::join(kinds_that([](const Kind& k) { return k.has_scale; }), ", "), kind.name);
  if (runs > 1 && kind.draw != nullptr)
    fail(ErrorCode::kUsage, "several runs go with the kind families; {} draws one, and {} are given",
         kind.name, runs);
  if (!settings.metric.empty() && !kind.has_metric)
    refuse("metric", "goes with the kinds {}, not with {}",
           fmt::join(kinds_that([](const Kind& k) { return k.has_metric; }), ", "), kind.name);
  if (settings.metric.empty() && kind.name == "scatter")
    refuse("metric", "the kind scatter needs one: {}, or another of the dataset's",
           fmt::join(annotated_metric_names(), ", "));
}

Figure plotted(const std::vector<std::filesystem::path>& paths, const PlotSettings& settings,
               FigureFormat format) {
  check_plot(settings, paths.size());
  const Kind& kind = kind_named(settings.kind);
  if (kind.draw == nullptr) return families_of(paths, settings, format);
  const RunStore store = RunStore::open_read_only(paths.front());
  const RunView view = view_of(store);
  return kind.draw(store, view, subject_of(view, settings, format));
}

}  // namespace tugline
