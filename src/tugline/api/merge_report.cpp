#include "tugline/api/merge_report.h"

#include <fmt/format.h>

#include <set>

#include "tugline/core/plural.h"

namespace tugline {
namespace {

// The shards that were not given, if the inputs are shards of one division; else empty.
std::vector<std::string> absent_shards(const std::vector<MergedInput>& inputs) {
  const int64_t count = inputs.front().shard.count;
  std::set<int64_t> given;
  for (const MergedInput& input : inputs) {
    if (input.shard.count != count) return {};
    given.insert(input.shard.number);
  }
  std::vector<std::string> absent;
  for (int64_t number = 1; number <= count && absent.size() < 20; ++number)
    if (!given.contains(number)) absent.push_back(described(Shard{number, count}));
  return absent;
}

}  // namespace

std::vector<std::string> missing_of(const MergeReport& report) {
  if (!report.units_planned) return {"no file says how many units the run has: what is missing is not known"};
  if (report.units >= *report.units_planned) return {};
  const int64_t missing = *report.units_planned - report.units;
  std::vector<std::string> sentences{
      fmt::format("{} of the run {} missing; the same sweep without a shard measures {}",
                  counted(missing, "unit"), missing == 1 ? "is" : "are", missing == 1 ? "it" : "them")};
  for (const std::string& shard : absent_shards(report.inputs))
    sentences.push_back(fmt::format("{} was not given", shard));
  for (const MergedInput& input : report.inputs)
    if (input.units_planned && input.units < *input.units_planned)
      sentences.push_back(fmt::format("{} is unfinished", input.path.string()));
  return sentences;
}

}  // namespace tugline
