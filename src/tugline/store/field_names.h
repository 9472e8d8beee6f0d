// The names of the fields of a run's identity and provenance that
// summaries and captions show. A store may hold more fields than these. A
// field that is absent is not shown, except kDModel, which curves need.
#pragma once

namespace tugline::field {

// Identity: fields that decide numbers.
inline constexpr const char* kAnswers = "answers";           // token ids
inline constexpr const char* kMovedTokens = "moved_tokens";  // how many are kept
inline constexpr const char* kBackend = "backend";
inline constexpr const char* kModelConfig = "model_config";
inline constexpr const char* kModelWeights = "model_weights";
inline constexpr const char* kReadout = "readout";
inline constexpr const char* kHook = "hook";
inline constexpr const char* kHead = "head";  // only if the hook is z
inline constexpr const char* kAt = "at";      // only if it is not "before"
inline constexpr const char* kDirectionFamily = "direction_family";
inline constexpr const char* kDirectionSharing = "direction_sharing";
inline constexpr const char* kOrthogonalTo = "orthogonal_to";
inline constexpr const char* kPush = "push";
inline constexpr const char* kPrecision = "precision";
inline constexpr const char* kResiduals =
    "residuals";  // the transcripts of whose residuals directions are made
inline constexpr const char* kSeed = "seed";
inline constexpr const char* kTemperature = "temperature";
inline constexpr const char* kVocabulary = "vocabulary";

// Provenance: fields that do not.
inline constexpr const char* kCommand = "command";  // "sweep", "merge", "rerun"
inline constexpr const char* kVersion = "tugline_version";
inline constexpr const char* kCommit = "tugline_commit";
inline constexpr const char* kHost = "host";
inline constexpr const char* kMachine = "machine";
inline constexpr const char* kCpuLevel = "cpu_level";  // instruction sets of the kernels and of oneDNN
inline constexpr const char* kThreads = "threads";
inline constexpr const char* kOneDnnVersion = "onednn_version";
inline constexpr const char* kOpenMpVersion = "openmp_version";
inline constexpr const char* kSqliteVersion = "sqlite_version";
inline constexpr const char* kStarted = "started";
// Before the name of each of the model's files: digests of all of their bytes.
inline constexpr const char* kWeightsDigest = "weights_digest.";
inline constexpr const char* kTokenizerDigest = "tokenizer_digest.";
inline constexpr const char* kConfigurationDigest = "configuration_digest.";
inline constexpr const char* kCommandLine = "command_line";
inline constexpr const char* kModelName = "model_name";
inline constexpr const char* kDataName = "data_name";
inline constexpr const char* kDirectionFile = "direction_file";    // as it was given
inline constexpr const char* kOrthogonalFile = "orthogonal_file";  // of --orthogonal-to, likewise
inline constexpr const char* kDirectionArrays =
    "direction_arrays";                            // "layer L: FILE:ARRAY, ...", where each layer has its own
inline constexpr const char* kDModel = "d_model";  // width of the residual stream
inline constexpr const char* kSiteWidth =
    "site_width";  // of what is pushed, if it is not the residual stream's
inline constexpr const char* kEpsilonsRequested =
    "epsilons_requested";  // the grid of which a sweep with nodes measured a part
inline constexpr const char* kUnitsPlanned =
    "units_planned";  // of the whole run, so that an unfinished one can be told from it
inline constexpr const char* kShardUnits = "shard_units";  // of the shard, in a store that holds one

}  // namespace tugline::field
