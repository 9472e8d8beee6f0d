#include "tugline/report/part_warnings.h"

#include <fmt/format.h>

#include <algorithm>

#include "tugline/core/plural.h"
#include "tugline/report/gaps.h"

namespace tugline {
namespace {

constexpr size_t kMostGaps = 5;

}  // namespace

std::vector<std::string> part_warnings(const RunStore& store) {
  const std::string path = store.path().string();
  std::vector<std::string> warnings;
  if (const std::vector<FailedUnit> failed = store.failures(); !failed.empty())
    warnings.push_back(fmt::format("{}: {} failed and {} left out (the run's summary lists them): {}", path,
                                   counted(std::ssize(failed), "unit"), failed.size() == 1 ? "is" : "are",
                                   failed.front().reason));
  if (const Shard shard = store.shard(); !shard.is_whole()) {
    warnings.push_back(
        fmt::format("{} holds {} only; merge the shards to get the run", path, described(shard)));
    return warnings;  // its gaps are the other shards'
  }
  const std::vector<std::string> gaps = gaps_of(store);
  for (size_t i = 0; i < std::min(gaps.size(), kMostGaps); ++i)
    warnings.push_back(fmt::format("{}: {}", path, gaps[i]));
  if (gaps.size() > kMostGaps)
    warnings.push_back(
        fmt::format("{}: {} more such gaps; the run's summary lists all", path, gaps.size() - kMostGaps));
  return warnings;
}

}  // namespace tugline
