#include "tugline/api/run_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "tugline/api/analysis.h"
#include "tugline/api/sweep_job.h"
#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/report/answers.h"
#include "tugline/report/export.h"
#include "tugline/report/interpolated.h"
#include "tugline/report/page.h"
#include "tugline/report/page_spans.h"
#include "tugline/report/row_writer.h"
#include "tugline/report/run_view.h"
#include "tugline/stats/largest_epsilon.h"
#include "tugline/store/analysis_names.h"

namespace tugline {
namespace {

// Together they keep a page below 8 MB, whatever the run; a number takes some 12 bytes.
constexpr int64_t kMostRowNumbers = 300'000;  // of all transcripts' tokens
constexpr size_t kMostTableCells = 250'000;   // of all tables of the analysis
constexpr size_t kMostCurvePoints = 5'000;

std::string title_of(const RunView& view) {
  const std::string model = fact_of(view, "model");
  const std::string data = fact_of(view, "data");
  return fmt::format("tugline: {}{}", model.empty() ? "a run" : model, data.empty() ? "" : " on " + data);
}

void add_skips(const std::vector<SkipGroup>& groups, const char* what, std::vector<std::string>& warnings) {
  for (const SkipGroup& group : groups)
    warnings.push_back(
        fmt::format("skipped: {}: {}", counted(std::ssize(group.examples), what), group.reason));
}

std::vector<std::string> warnings_of(const RunView& view) {
  std::vector<std::string> warnings;
  if (!view.shard.is_whole()) warnings.push_back("This is a part of a run: " + shard_text(view));
  if (view.is_unfinished())
    warnings.push_back(
        "The run is unfinished" +
        (view.units_planned ? fmt::format(": {} of {} units", view.units, *view.units_planned) : ""));
  if (view.units_beyond_bound > 0) warnings.push_back("Audit: " + audit_text(view));
  for (const FailureGroup& group : view.failures) warnings.push_back(sentence_of(group));
  for (const std::string& gap : view.gaps) warnings.push_back(gap);
  add_skips(view.skipped_examples, "example", warnings);
  add_skips(view.skipped_spans, "span", warnings);
  for (const NoteGroup& note : view.notes) warnings.push_back(sentence_of(note));
  return warnings;
}

PageTable page_table(ResultTable table, std::string title, std::string caption, size_t most_rows) {
  PageTable made{.title = std::move(title), .caption = std::move(caption), .table = std::move(table)};
  auto& rows = made.table.rows;
  if (rows.size() > most_rows) {
    made.left_out = static_cast<int64_t>(rows.size() - most_rows);
    rows.resize(most_rows);
  }
  return made;
}

ResultTable curves_table(const RunView& view) {
  ResultTable table{.name = "curves"};
  for (const std::string_view column : columns_of(ExportTable::kCurves)) table.columns.emplace_back(column);
  for (const CurvePoint& point : view.curves) table.rows.push_back(curve_cells(point));
  return table;
}

// What a sweep with nodes left out, in the columns of the curves.
ResultTable interpolated_table(const RunStore& store) {
  ResultTable table{.name = "interpolated", .columns = curves_table({}).columns};
  table.columns.emplace_back("interpolation_error");
  for (const auto& [point, error, measured] : interpolated_points(store, response_measures().front())) {
    table.rows.push_back(curve_cells(point));
    table.rows.back().push_back(cell_of(error));
  }
  return table;
}

// The dataset's text of each example in parts, and which chunks are anchors.
void add_text(const Example& example, PageTranscript& transcript) {
  const std::string_view cot = example.cot;
  int64_t end = 0;
  for (size_t chunk = 0; chunk < example.chunks.size(); ++chunk) {
    const ByteRange& range = example.chunks[chunk];
    if (range.begin < end || range.begin >= range.end) continue;
    if (range.begin > end)
      transcript.text.push_back({.text = std::string(cot.substr(end, range.begin - end))});
    transcript.text.push_back({.text = std::string(cot.substr(range.begin, range.end - range.begin)),
                               .chunk = static_cast<int64_t>(chunk)});
    end = range.end;
  }
  if (static_cast<size_t>(end) < cot.size())
    transcript.text.push_back({.text = std::string(cot.substr(end))});
}

std::vector<PageTranscript> transcripts_of(const RunStore& store, const Dataset* dataset, double epsilon,
                                           std::vector<std::string>& warnings) {
  int64_t left_out = 0;
  auto spans = page_spans(store, epsilon, kMostRowNumbers, left_out);
  if (left_out > 0)
    warnings.push_back(
        fmt::format("To keep this page small, the tokens of {} are not in it", counted(left_out, "example")));
  std::vector<PageTranscript> transcripts;
  for (const ExampleRecord& record : store.examples()) {
    PageTranscript transcript{.example = record.example,
                              .id = record.id,
                              .prompt = record.prompt,
                              .skipped = record.skipped,
                              .spans = std::move(spans[record.example])};
    std::set<int64_t> anchors;  // chunks
    for (const PageSpan& span : transcript.spans)
      if (span.kind == "anchor" && span.chunk >= 0) anchors.insert(span.chunk);
    if (dataset) {
      const Example& example = dataset->examples.at(static_cast<size_t>(record.example));
      add_text(example, transcript);
      // A run that measured chunks only does not know them.
      for (const Anchor& anchor : example.anchors)
        if (anchor.chunk >= 0) anchors.insert(anchor.chunk);
    }
    transcript.anchors.assign(anchors.begin(), anchors.end());
    transcripts.push_back(std::move(transcript));
  }
  return transcripts;
}

struct TableText {
  const char* name;
  const char* title;
  const char* caption;
};

// The tables of an analysis that the page has, in its order; docs/formats.md has their columns.
constexpr std::array kAnalysisTables{
    TableText{table::kMeans, "Means", "Mean KL in nats with the bootstrap's 95 % interval."},
    TableText{table::kContrasts, "Contrasts",
              "Paired differences and ratios: the anchor against other spans of its example, and layers "
              "against each other. Intervals and p-values are of Student's t unless their name says ci."},
    TableText{table::kLengthContrasts, "Contrasts by length",
              "The contrasts of the mean over the rows, of the pushed token's own row, and of the sum over "
              "the rows, which spans of other lengths need."},
    TableText{table::kShapes, "Shapes of curves",
              "The fit a eps^2 + b eps at small epsilons, the epsilon at which KL reaches the threshold, and "
              "the epsilon up to which the fit holds."},
    TableText{
        table::kDirectionsNeeded, "Directions needed",
        "The error in percent that the choice of directions leaves, and how many directions bring it to 5 "
        "and 2 %: of a kind's mean, and of a single span."},
    TableText{table::kDirectionErrors, "Errors against directions",
              "The standard error of the mean with so many directions, and the part that more would remove."},
    TableText{table::kNullContrasts, "Vectors against random directions",
              "Mean KL of each supplied vector, and the range of random directions over the same spans."},
    TableText{table::kVariance, "Components of variance",
              "How much of the spread lies between examples, spans and directions, in squared nats."},
    TableText{table::kCorrelations, "Correlations",
              "Correlations of the spans' measures with the dataset's metrics."},
    TableText{
        table::kSpans, "Spans",
        "Each span at each layer: KL in nats at the epsilon of the analysis, its fit, and the metrics."}};

std::string text_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* whole = std::get_if<int64_t>(&cell)) return fmt::format("{}", *whole);
  if (std::holds_alternative<std::monostate>(cell)) return "";
  return shortest_text(std::get<double>(cell));
}

// Answers, tables and settings. A run that has nothing to analyse yet, such as an unfinished one, gets a page
// without them.
void add_analysis(const RunStore& store, const AnalysisSettings& settings, const DataSource& data,
                  const Watch& watch, Page& page) {
  try {
    const RunAnalysis run = analyse_run(store, settings, data, watch);
    page.epsilon = run.shown.epsilon;
    for (Answer& answer : answers_of(run))
      page.answers.push_back({.question = answer.question, .sentences = answer.sentences});
    if (const std::string note = note_of_few_examples(run.shown); !note.empty())
      page.warnings.push_back(note);
    std::map<std::string, ResultTable> tables;
    for (ResultTable& result : tables_of(run)) tables[result.name] = std::move(result);
    size_t cells_left = kMostTableCells;
    for (const auto& [name, title, caption] : kAnalysisTables)
      if (ResultTable& result = tables[name]; !result.rows.empty()) {
        const size_t columns = result.columns.size();
        const size_t most_rows = cells_left / 2 / columns;  // the other half is for the tables after it
        page.tables.push_back(page_table(std::move(result), title, caption, most_rows));
        cells_left -= columns * page.tables.back().table.rows.size();
      }
    for (const auto& row : tables[table::kSettings].rows)
      page.analysis.emplace_back(text_of(row.at(0)), text_of(row.at(1)));
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kNothingToMeasure) throw;
    page.warnings.push_back(fmt::format("Without an analysis: {}", e.what()));
  }
}

// The dataset, if it is given. analyse_run has said what is to be said of it, and that it is the run's.
std::optional<Dataset> dataset_of(const DataSource& data, const Watch& watch) {
  if (data.path.empty() && !data.text) return std::nullopt;
  Watch quiet = watch;
  quiet.warn = {};
  return load_data(data, quiet);
}

Page page_of(const RunStore& store, const RunView& view) {
  Page page{.title = title_of(view), .warnings = warnings_of(view), .facts = facts_of(view)};
  for (const auto& [name, value] : view.identity.fields) page.identity.emplace_back(name, value);
  page.epsilon = largest_epsilon(view.epsilons);
  if (view.epsilon_is_fraction()) page.epsilon_name = "fraction";
  page.tables.push_back(page_table(curves_table(view), "Curves",
                                   "Mean KL in nats for each kind of span, layer and epsilon, with its "
                                   "standard error and 95 % interval.",
                                   kMostCurvePoints));
  ResultTable interpolated = interpolated_table(store);
  if (!interpolated.rows.empty())
    page.tables.push_back(
        page_table(std::move(interpolated), "Interpolated points",
                   "The requested epsilons that were not measured, as in the curves, and how well "
                   "each mean is known between the measured ones.",
                   kMostCurvePoints));
  return page;
}

}  // namespace

std::string run_page(const RunStore& store, const AnalysisSettings& settings, const DataSource& data,
                     const Watch& watch) {
  const RunView view = view_of(store);
  if (view.curves.empty())
    fail(ErrorCode::kUsage, "{}: nothing is measured yet, so there is nothing to report; run tugline sweep",
         store.path().string());
  Page page = page_of(store, view);
  add_analysis(store, settings, data, watch, page);
  const std::optional<Dataset> dataset = dataset_of(data, watch);
  page.transcripts = transcripts_of(store, dataset ? &*dataset : nullptr, page.epsilon, page.warnings);
  return page_html(page);
}

}  // namespace tugline
