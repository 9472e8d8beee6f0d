#include "tugline/api/session_facts.h"

#include <fmt/chrono.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <set>

#include "tugline/api/warn.h"
#include "tugline/backend/machine.h"
#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/core/version.h"
#include "tugline/store/field_names.h"
#include "tugline/store/store_owner.h"

namespace tugline {
namespace {

std::string now_utc() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

std::string fact_name(const ModelFileDigest& file) {
  switch (file.content) {
    case ModelContent::kWeights:
      return field::kWeightsDigest + file.name;
    case ModelContent::kTokenizer:
      return field::kTokenizerDigest + file.name;
    case ModelContent::kConfiguration:
      return field::kConfigurationDigest + file.name;
  }
  return "";
}

// The facts of all sessions whose names begin so; of a name that several have, the latest.
Provenance facts_with(const RunStore& store, const std::string& prefix) {
  Provenance found;
  for (const auto& [name, value] : store.meta())
    if (name.starts_with(prefix)) found[name] = value;
  return found;
}

void check_weights(const RunStore& store, const std::vector<ModelFileDigest>& files, const Watch& watch) {
  const Provenance stored = facts_with(store, field::kWeightsDigest);
  if (stored.empty()) return;  // not made by a sweep
  bool is_known = false;
  for (const ModelFileDigest& file : files) {
    if (file.content != ModelContent::kWeights) continue;
    const std::string name = fact_name(file);
    const auto known = stored.find(name);
    is_known = is_known || known != stored.end();
    if (known != stored.end() && known->second != file.digest)
      fail(ErrorCode::kConflict,
           "{}: is not the file that {} was measured with: its digest is {}, and that file's was {}. Its "
           "bytes "
           "differ, if only one of them; give the run's model, or another run store",
           file.path.string(), store.path().string(), file.digest, known->second);
  }
  if (!is_known)
    warn(watch, fmt::format("{}: was measured with weights from other files, so that only samples of the "
                            "tensors' bytes were compared with this model's",
                            store.path().string()));
}

}  // namespace

Provenance session_facts() {
  const MachineInfo machine = describe_machine();
  return {
      {field::kVersion, std::string(kVersion)},
      {field::kCommit, std::string(commit())},
      {field::kStarted, now_utc()},
      {field::kHost, host_name()},
      {field::kMachine, fmt::format("{}, {}, oneDNN {} {}", machine.cpu, counted(machine.threads, "thread"),
                                    machine.onednn_version, machine.onednn_isa)},
      {field::kCpuLevel, fmt::format("{}, oneDNN {}", machine.instruction_set, machine.onednn_isa)},
      {field::kThreads, std::to_string(machine.threads)},
      {field::kOneDnnVersion, machine.onednn_version},
      {field::kOpenMpVersion, machine.openmp_version},
      {field::kSqliteVersion, sqlite_version()}};
}

std::vector<ModelFileDigest> digests_of(const ModelSource& model, const Watch& watch) {
  return model_digests(model, {.keep_going = watch.keep_going,
                               .warn = [&](const std::string& sentence) { warn(watch, sentence); },
                               .cache = digest_cache_folder()});
}

Provenance digest_facts(const std::vector<ModelFileDigest>& files) {
  Provenance facts;
  for (const ModelFileDigest& file : files) facts[fact_name(file)] = file.digest;
  return facts;
}

void check_digests(const RunStore& store, const std::vector<ModelFileDigest>& files, const Watch& watch) {
  check_weights(store, files, watch);
  Provenance stored = facts_with(store, field::kTokenizerDigest);
  stored.merge(facts_with(store, field::kConfigurationDigest));
  for (const ModelFileDigest& file : files) {
    const auto known = stored.find(fact_name(file));
    if (known != stored.end() && known->second != file.digest)
      warn(watch,
           fmt::format("{}: is not the file that {} was measured with so far; the run goes on, because "
                       "the settings that it reads from there and the token ids are the same",
                       file.path.string(), store.path().string()));
  }
}

void warn_of_versions(const RunStore& store, const Watch& watch) {
  // The commit is shown for this version only: it adds nothing to the name of another.
  const auto text = [](const std::string& version, std::string_view commit) {
    return version == kVersion ? fmt::format("{} ({})", version, commit.substr(0, 12)) : version;
  };
  const std::string own = text(std::string(kVersion), commit());
  std::set<std::string> others;
  for (const Provenance& session : store.sessions()) {
    const auto version = session.find(field::kVersion);
    const auto built = session.find(field::kCommit);
    if (version != session.end())
      others.insert(
          text(version->second, built == session.end() ? commit() : std::string_view(built->second)));
  }
  others.erase(own);
  if (!others.empty())
    warn(watch, fmt::format("{}: was measured with tugline {} so far, and this is tugline {}: where the two "
                            "compute differently, the store will hold numbers of both",
                            store.path().string(), fmt::join(others, ", "), own));
}

}  // namespace tugline
