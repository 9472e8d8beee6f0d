#include "tugline/report/families_figure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>

#include "tugline/core/error.h"
#include "tugline/report/captions.h"
#include "tugline/report/curve_panel.h"
#include "tugline/report/figure_style.h"
#include "tugline/store/audit_bounds.h"
#include "tugline/store/field_names.h"
#include "tugline/store/identity_field.h"

namespace tugline {
namespace {

constexpr std::string_view kInterpolation = "interpolation";
constexpr size_t kMostVectors = 24;  // that have a curve each

// The identity's fields in which families differ.
const std::set<std::string>& fields_that_may_differ() {
  static const std::set<std::string> kFields{field::kDirectionFamily, field::kDirectionSharing,
                                             field::kOrthogonalTo, field::kPush, field::kResiduals};
  return kFields;
}

void check_same_examples(const FamilyRun& first, const FamilyRun& other) {
  for (const auto& [run, beside] : {std::pair(&first, &other), std::pair(&other, &first)})
    for (const auto& [example, content] : run->view.measured_contents) {
      const auto found = beside->view.measured_contents.find(example);
      if (found != beside->view.measured_contents.end() && found->second == content) continue;
      refuse("kind", "families compares runs over the same examples: {} measured example {}, {} {}",
             run->path.string(), example, beside->path.string(),
             found == beside->view.measured_contents.end() ? "did not" : "another text of that number");
    }
}

void check_same_fields(const FamilyRun& first, const FamilyRun& other) {
  std::set<std::string> names;
  for (const FamilyRun* run : {&first, &other})
    for (const auto& [name, value] : run->view.identity.fields) names.insert(name);
  for (const std::string& name : names) {
    const std::string ours = identity_field(first.view.identity, name);
    const std::string theirs = identity_field(other.view.identity, name);
    if (fields_that_may_differ().contains(name) || ours == theirs) continue;
    refuse("kind",
           "families compares runs that differ in their directions and pushes only: {} has {} = \"{}\", "
           "{} "
           "has \"{}\"",
           first.path.string(), name, ours, other.path.string(), theirs);
  }
  check_same_examples(first, other);
}

// "isotropic", or the name of the file that the directions are from.
std::string directions_name(const RunView& view) {
  const std::string family = identity_field(view.identity, field::kDirectionFamily);
  if (family == "residuals") return "interpolation towards other residuals";
  if (!family.starts_with("file ")) return family;
  const auto file = view.meta.find(field::kDirectionFile);
  return file == view.meta.end() ? family : std::filesystem::path(file->second).filename().string();
}

// Names in the order of the runs; runs that are called the same are told apart by their stores.
std::vector<std::string> names_of(const std::vector<FamilyRun>& runs) {
  std::map<std::string, int> count;
  for (const FamilyRun& run : runs) ++count[family_name(run.view)];
  std::vector<std::string> names;
  for (const FamilyRun& run : runs) {
    const std::string name = family_name(run.view);
    names.push_back(count[name] > 1 ? fmt::format("{} ({})", name, run.path.filename().string()) : name);
  }
  return names;
}

Curve curve_of(const std::vector<CurvePoint>& points, DirectionSet set, const FigureSubject& subject) {
  Curve curve{.is_null = set == DirectionSet::kNull};
  for (const CurvePoint& point : points)
    if (point.span_kind == subject.span_kinds.front() && point.layer == subject.layers.front() &&
        point.set == set)
      curve.values.push_back({.x = point.epsilon, .of = point});
  return curve;
}

// Whether each vector has a curve of its own; more would not be told apart.
bool is_split(const FamilyRun& run) { return run.vectors.size() > 1 && run.vectors.size() <= kMostVectors; }

// The curves of a run's own directions.
std::vector<Curve> main_curves(const FamilyRun& run, const std::string& name, bool is_only_run,
                               const FigureSubject& subject) {
  std::vector<Curve> curves;
  if (!is_split(run)) {
    curves.push_back(curve_of(run.curves, DirectionSet::kMain, subject));
    curves.back().name = name + (run.vectors.size() > kMostVectors ? ", mean" : "");
    return curves;
  }
  for (const auto& [number, points] : run.vectors) {
    Curve curve = curve_of(points, DirectionSet::kMain, subject);
    if (curve.values.empty()) continue;
    curve.name = is_only_run ? fmt::format("vector {}", number) : fmt::format("{}, vector {}", name, number);
    curves.push_back(std::move(curve));
  }
  return curves;
}

std::vector<Curve> curves_of(const std::vector<FamilyRun>& runs, const std::vector<std::string>& names,
                             const FigureSubject& subject) {
  std::vector<Curve> curves;
  for (size_t i = 0; i < runs.size(); ++i) {
    std::ranges::move(main_curves(runs[i], names[i], runs.size() == 1, subject), std::back_inserter(curves));
    Curve null = curve_of(runs[i].curves, DirectionSet::kNull, subject);
    if (null.values.empty()) continue;
    null.name = runs.size() == 1 ? "random directions" : "random, beside " + names[i];
    null.colour = kFaint;
    curves.push_back(std::move(null));
  }
  const auto coloured =
      static_cast<size_t>(std::ranges::count_if(curves, [](const Curve& curve) { return !curve.is_null; }));
  const std::vector<std::string> colours = curve_colours(coloured);
  size_t next = 0;
  for (Curve& curve : curves)
    if (!curve.is_null) curve.colour = colours[next++];
  return curves;
}

// The vectors that have no curve of their own.
std::vector<Curve> faint_curves(const std::vector<FamilyRun>& runs, const FigureSubject& subject) {
  std::vector<Curve> curves;
  for (const FamilyRun& run : runs) {
    if (run.vectors.size() <= kMostVectors) continue;
    for (const auto& [number, points] : run.vectors)
      curves.push_back(curve_of(points, DirectionSet::kMain, subject));
  }
  std::erase_if(curves, [](const Curve& curve) { return curve.values.empty(); });
  return curves;
}

bool any_null(const std::vector<Curve>& curves) {
  return std::any_of(curves.begin(), curves.end(), [](const Curve& curve) { return curve.is_null; });
}

// Supplied vectors are compared with the range of the random directions, whose band is therefore the only
// one.
Panel panel_with_null(const std::vector<Curve>& curves, const std::vector<Curve>& faint,
                      const CurveAxes& axes) {
  Panel panel{.x = axes.x, .y = axes.y};
  for (const Curve& curve : curves)
    if (curve.is_null) draw_curve(panel, curve, axes, Bands::kYes);
  for (const Curve& curve : faint) draw_faintly(panel, curve, axes, faint.size());
  const Bands bands = any_null(curves) ? Bands::kNo : Bands::kYes;
  for (const Curve& curve : curves)
    if (!curve.is_null) draw_curve(panel, curve, axes, bands);
  return panel;
}

// "5 directions", "1 direction and 32 random ones"
std::string directions_text(const RunView& view) {
  const std::string count = text_of(view.directions);
  const std::string null = text_of(view.null_directions);
  const std::string beside = null == "0" ? "" : fmt::format(" and {} random", null);
  const char* ones = beside.empty() ? "" : null == "1" ? " one" : " ones";
  return fmt::format("{} direction{}{}{}", count, count == "1" ? "" : "s", beside, ones);
}

// "8 directions each", or each run's by its name.
std::string directions_caption(const std::vector<FamilyRun>& runs, const std::vector<std::string>& names) {
  std::set<std::string> texts;
  std::vector<std::string> by_name;
  for (size_t i = 0; i < runs.size(); ++i) {
    const std::string text = directions_text(runs[i].view);
    texts.insert(text);
    by_name.push_back(fmt::format("{} has {}", names[i], text));
  }
  return texts.size() == 1 ? *texts.begin() + (runs.size() > 1 ? " each" : "")
                           : fmt::format("{}", fmt::join(by_name, "; "));
}

std::string unfinished_text(const std::vector<FamilyRun>& runs, const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < runs.size(); ++i) {
    const RunView& view = runs[i].view;
    if (!view.shard.is_whole()) text += fmt::format(" {} is PARTIAL: {}.", names[i], shard_text(view));
    if (view.is_unfinished()) text += fmt::format(" {} is UNFINISHED.", names[i]);
  }
  return text;
}

// What each curve is of, which the figure's runs do not share.
std::string runs_caption(const std::vector<FamilyRun>& runs, const std::vector<std::string>& names) {
  RunView all;  // audits of all runs
  std::vector<std::string> configurations;
  for (const FamilyRun& run : runs) {
    const RunView& view = run.view;
    all.audited += view.audited;
    take_larger(all.audit_disagreements, view.audit_disagreements);
    all.units_beyond_bound += view.units_beyond_bound;
    configurations.push_back(view.identity.hash());
  }
  return fmt::format(
      " Curves: {}. Pushes are additive unless a curve's name says otherwise; {}; audit: {}; "
      "configuration{}: "
      "{}.{}",
      fmt::join(names, "; "), directions_caption(runs, names), audit_text(all),
      runs.size() == 1 ? "" : "s in the order of the curves", fmt::join(configurations, ", "),
      unfinished_text(runs, names));
}

}  // namespace

bool has_vectors(const RunView& view) {
  return identity_field(view.identity, field::kDirectionFamily).starts_with("file ");
}

std::string family_name(const RunView& view) {
  std::string name = directions_name(view);
  const std::string push = identity_field(view.identity, field::kPush);
  if (!push.empty() && push != "additive" && push != kInterpolation) name += ", " + push;
  const std::string orthogonal = identity_field(view.identity, field::kOrthogonalTo);
  if (orthogonal == "residual") name += ", orthogonal to the residual";
  if (orthogonal.starts_with("file ")) name += ", orthogonal to a subspace";
  return name;
}

void check_comparable(const std::vector<FamilyRun>& runs) {
  for (const FamilyRun& run : runs) {
    check_same_fields(runs.front(), run);
    if (run.view.epsilon_is_fraction() == runs.front().view.epsilon_is_fraction()) continue;
    fail(ErrorCode::kUsage,
         "{} and {}: for interpolations epsilon is a fraction (0 to 1), not a size, so they cannot share a "
         "figure "
         "with other pushes",
         runs.front().path.string(), run.path.string());
  }
}

Figure families_figure(const std::vector<FamilyRun>& runs, const FigureSubject& subject) {
  const std::vector<std::string> names = names_of(runs);
  const std::vector<Curve> curves = curves_of(runs, names, subject);
  const RunView& first = runs.front().view;
  const CurvePoint& point = curves.front().values.front().of;
  const std::vector<Curve> faint = has_single_x(curves) ? std::vector<Curve>() : faint_curves(runs, subject);
  CurveAxes axes = axes_of(curves, subject.measure, subject.look.scale);
  include_faint(faint, axes);
  axes.x.name = epsilon_name(first);
  Sheet sheet;
  if (has_single_x(curves)) {
    sheet.panels = {panel_of_single_x(curves, axes, subject.measure)};
  } else if (any_null(curves) || !faint.empty()) {
    sheet.panels = {panel_with_null(curves, faint, axes)};
    for (const Curve& curve : curves) sheet.key.push_back(key_entry(curve, axes));
  } else {
    add_curve_panels(sheet, curves, axes);
  }
  if (sheet.panels.size() == 1 && !has_single_x(curves)) sheet.upper = relative_axis(first);
  const std::string drawn =
      " " + curves_caption(curves, axes, point, "ε") + (faint.empty() ? "" : " Thin lines: each vector.");
  set_headings(sheet, first, "How far pushes along different directions move the next-token distributions",
               fmt::format("{}, {}{}", kinds_text(subject), layers_text(subject),
                           has_single_x(curves) ? fmt::format(", ε = {:g}", point.epsilon) : ""));
  const std::string spans = spans_text(first, point);
  const std::string only = runs.size() == 1 ? names.front() + "; " : "";  // without a key
  sheet.caption = fmt::format("{}; {}{}.{}{}", spans, only, directions_caption(runs, names),
                              unfinished_text(runs, names), drawn);
  sheet.description = shared_provenance_text(first, spans) + runs_caption(runs, names) + drawn;
  return figure_of(sheet, subject.look);
}

}  // namespace tugline
