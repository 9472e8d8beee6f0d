// What a run store keeps of each command that writes to it: who computed, with which program, on which
// machine, of which files. Checks such facts of a store against those of now.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tugline/files/model_digests.h"
#include "tugline/options.h"
#include "tugline/store/field_names.h"
#include "tugline/store/records.h"
#include "tugline/store/run_store.h"

namespace tugline {

// The program, the machine and the time: tugline's version and commit, host, CPU, CPU level, threads,
// versions of libraries.
[[nodiscard]] Provenance session_facts();

// The facts that may change a number's last digits.
inline constexpr const char* kDecidesLastDigits[] = {field::kVersion, field::kCommit,        field::kCpuLevel,
                                                     field::kThreads, field::kOneDnnVersion, "batch_rows",
                                                     "memory_limit"};

// The digests of the model's files, with the user's cache. Warns of a damaged entry of it.
[[nodiscard]] std::vector<ModelFileDigest> digests_of(const ModelSource& model, const Watch& watch);
// One fact for each: "weights_digest.model.safetensors".
[[nodiscard]] Provenance digest_facts(const std::vector<ModelFileDigest>& files);

// Compares the model's files with those that the store was measured with. Warns if the tokenizer's or the
// configuration's differ, because what they decide is compared apart, or if the weights are in other files
// (another number of shards, in memory). Errors: kConflict, naming the file, if a file of weights differs in
// any byte.
void check_digests(const RunStore& store, const std::vector<ModelFileDigest>& files, const Watch& watch);

// Warns if another version or commit has measured for the store: it may compute other last digits, or cut
// other chunks. Neither is part of a run's identity.
void warn_of_versions(const RunStore& store, const Watch& watch);

}  // namespace tugline
