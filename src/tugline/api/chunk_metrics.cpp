#include "tugline/api/chunk_metrics.h"

#include <fmt/format.h>

#include <set>
#include <string_view>

#include "tugline/api/warn.h"
#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/report/analysis_tables.h"

namespace tugline {
namespace {

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

void check_is_the_same(const std::vector<Example>& dataset, const ExampleRecord& record,
                       const std::string& path) {
  const auto index = static_cast<size_t>(record.example);
  const std::string found =
      index < dataset.size() ? hex(dataset[index].content_hash) : std::string("not there");
  if (found == record.content_hash) return;
  fail(ErrorCode::kConflict,
       "{}: example {} is {}, the run measured {}; give the dataset that the run was swept over", path,
       record.example, index < dataset.size() ? "another text (content hash " + found + ")" : found,
       "content hash " + record.content_hash);
}

void add_values(const Example& example, ChunkMetric& metric) {
  const auto found = example.chunk_metrics.find(metric.name);
  if (found == example.chunk_metrics.end()) return;
  for (size_t chunk = 0; chunk < found->second.size(); ++chunk) {
    if (found->second[chunk])
      metric.values[{example.index, static_cast<int64_t>(chunk)}] = *found->second[chunk];
  }
}

}  // namespace

std::vector<ChunkMetric> chunk_metrics_of(const Dataset& dataset, const std::vector<ExampleRecord>& examples,
                                          const std::string& path, const Watch& watch) {
  std::vector<ChunkMetric> metrics;
  std::set<std::string> taken;
  for (const std::string_view column : kSpanColumns) taken.insert(lower(std::string(column)));
  for (const std::string& name : dataset.metric_names()) {
    if (taken.insert(lower(name)).second) {
      metrics.push_back({.name = name, .values = {}});
    } else {
      warn(watch,
           fmt::format("{}: '{}' is left out, because tables have a column of that name; read it as another "
                       "metric, such as the field my_{}={}",
                       path, name, name, name));
    }
  }
  for (const ExampleRecord& record : examples) {
    check_is_the_same(dataset.examples, record, path);
    for (ChunkMetric& metric : metrics)
      add_values(dataset.examples[static_cast<size_t>(record.example)], metric);
  }
  return metrics;
}

}  // namespace tugline
