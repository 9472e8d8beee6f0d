#include "tugline/cli/partial_run.h"

#include <spdlog/spdlog.h>

namespace tugline {

void warn_of_part(const RunStore& store) {
  const Shard shard = store.shard();
  if (!shard.is_whole())
    spdlog::warn("{} holds {} only; tugline merge joins the shards of a run", store.path().string(),
                 described(shard));
}

}  // namespace tugline
