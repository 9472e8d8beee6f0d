// Joins run stores that hold parts of one run (shards, or other stores of the same identity) into one store,
// as if one process had measured all of it. Copies the measurements. Does not copy an analysis, because it
// was about a part.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "tugline/store/records.h"

namespace tugline {

struct MergedInput {
  std::filesystem::path path;
  Shard shard;
  int64_t units = 0;                          // in this store
  int64_t repeated = 0;                       // of these, units that an earlier input also holds
  std::optional<int64_t> units_planned = {};  // of its shard, or of the run; no value if it does not say
  bool has_analysis = false;
};

struct MergeReport {
  std::vector<MergedInput> inputs;            // in the order given
  int64_t units = 0;                          // of the new store
  std::optional<int64_t> units_planned = {};  // of the run; no value if no input says
};

// The value of field::kCommand of a merge's own session.
inline constexpr const char* kMergeCommand = "merge";

// Makes `out` of one input or more, whole or not at all. It is no shard: a sweep without --shard goes on with
// it. Sessions are kept, and units keep theirs; `facts` are of the merge itself, which becomes the last
// session. Errors: kConflict where `out` is there, the inputs' identities differ (each field is named) or the
// digests of their weights, or two have an example or a unit that is not the same, its time
// aside; kUsage where a file is given twice; what RunStore throws for an input that is no run store of this
// schema, or a system that refuses.
[[nodiscard]] MergeReport merge_stores(const std::filesystem::path& out,
                                       const std::vector<std::filesystem::path>& inputs,
                                       const Provenance& facts = {});

}  // namespace tugline
