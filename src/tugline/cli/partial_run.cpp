#include "tugline/cli/partial_run.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tugline/core/plural.h"
#include "tugline/report/gaps.h"

namespace tugline {
namespace {

constexpr size_t kMostGaps = 5;

}  // namespace

void warn_of_part(const RunStore& store) {
  if (const std::vector<FailedUnit> failed = store.failures(); !failed.empty())
    spdlog::warn("{}: {} failed and {} left out (tugline summary lists them): {}", store.path().string(),
                 counted(std::ssize(failed), "unit"), failed.size() == 1 ? "is" : "are",
                 failed.front().reason);
  const Shard shard = store.shard();
  if (!shard.is_whole())
    spdlog::warn("{} holds {} only; tugline merge joins the shards of a run", store.path().string(),
                 described(shard));
  if (!shard.is_whole()) return;  // its gaps are the other shards'
  const std::vector<std::string> gaps = gaps_of(store);
  for (size_t i = 0; i < std::min(gaps.size(), kMostGaps); ++i)
    spdlog::warn("{}: {}", store.path().string(), gaps[i]);
  if (gaps.size() > kMostGaps)
    spdlog::warn("{}: {} more such gaps; tugline summary lists all", store.path().string(),
                 gaps.size() - kMostGaps);
}

}  // namespace tugline
