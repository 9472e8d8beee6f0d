#include "tugline/language_model.h"

#include <algorithm>

#include "tugline/api/content.h"
#include "tugline/api/engine.h"
#include "tugline/api/settings.h"
#include "tugline/api/sweep_job.h"
#include "tugline/api/warn.h"
#include "tugline/backend/machine.h"
#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/core/file_status.h"
#include "tugline/core/version.h"
#include "tugline/files/gguf.h"
#include "tugline/files/hub/fetch_model.h"
#include "tugline/files/memory_tensors.h"
#include "tugline/probe/baseline.h"
#include "tugline/probe/residual_pass.h"

namespace tugline {
namespace {

// Rows of logits that are turned into floats at a time: [rows, vocabulary] doubles stay small.
constexpr int64_t kLogitRows = 64;

ModelInfo info_of(const ModelSource& source, const Model& model) {
  const ModelConfig& config = model.config();
  return {.name = config.name,
          .path = source.path.string(),
          .architecture = std::string(name_of(config.architecture)),
          .fingerprint = hex(model.fingerprint()),
          .precision = std::string(name_of(model.backend().precision())),
          .layers = config.num_layers,
          .d_model = config.hidden_size,
          .vocabulary = config.vocab_size,
          .heads = config.num_heads,
          .head_dim = config.head_dim,
          .max_positions = config.max_positions};
}

Precision precision_named(const std::string& name) {
  const auto precision = precision_of(name);
  if (!precision || *precision == Precision::kF64)
    refuse("precision", "'{}' is not one of f32, bf16, plain-bf16", name);
  return *precision;
}

std::string with_revision(const std::string& model, const std::string& revision) {
  if (revision.empty()) return model;
  const auto name = parse_hub_model(model);
  if (!name || is_there(model))
    refuse("revision", "'{}' is no model's name on the hub, so it has no revisions", excerpt(model));
  if (!name->revision.empty())
    refuse("revision", "'{}' names one itself; give one of the two", excerpt(model));
  std::string whole = model + "@" + revision;
  if (!parse_hub_model(whole)) refuse("revision", "'{}' is no branch, tag or commit", excerpt(revision));
  return whole;
}

DType dtype_named(const MemoryTensor& tensor) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kF64})
    if (tensor.dtype == name_of(dtype)) return dtype;
  fail(ErrorCode::kUnsupported, "tensor {}: its type is {}; expected F32, F16, BF16 or F64", tensor.name,
       tensor.dtype);
}

Tokens tokens_of(const Tokenizer& tokenizer, const Encoding& encoding) {
  Tokens tokens;
  tokens.ids = encoding.ids;
  for (const ByteRange bytes : encoding.offsets) {
    tokens.begins.push_back(bytes.begin);
    tokens.ends.push_back(bytes.end);
  }
  for (const int32_t id : encoding.ids) tokens.pieces.push_back(tokenizer.token_bytes(id));
  return tokens;
}

}  // namespace

Tokenizer read_tokenizer(const ModelSource& source) {
  if (source.kind == ModelSource::Kind::kGguf) return Tokenizer::from_gguf(GgufFile::open(source.path));
  return Tokenizer::from_json_file(source.tokenizer_json());
}

const Tokenizer& LanguageModel::Engine::tokenizer(const Watch& watch) {
  {
    // No std::call_once: after an exception in it, ThreadSanitizer ignores what the thread does.
    const std::scoped_lock lock(reading_tokenizer);
    if (!tokenizer_slot) tokenizer_slot = read_tokenizer(source);
  }
  if (watch.warn && !notes_are_told.exchange(true)) warn_of_notes(*tokenizer_slot, watch);
  return *tokenizer_slot;
}

EngineCall::EngineCall(LanguageModel::Engine& engine, const Watch& watch)
    : engine_(engine), lock_(engine.one_call), threads_(engine.options.threads) {
  engine_.keep_going = watch.keep_going;
}

EngineCall::~EngineCall() { engine_.keep_going = {}; }

const Model& EngineCall::exact_model() {
  if (!engine_.exact.model) {
    LanguageModel::Engine* const engine = &engine_;
    engine_.exact.backend =
        make_reference_backend([engine] { return !engine->keep_going || engine->keep_going(); });
    engine_.exact.model = std::make_unique<Model>(Model::load(engine_.source, *engine_.exact.backend));
  }
  return *engine_.exact.model;
}

std::string_view version() { return kVersion; }

LanguageModel LanguageModel::load(const std::string& model, const ModelOptions& options, const Watch& watch) {
  const HubOptions& hub = options.hub;
  FetchOptions fetch{.on_message = watch.inform, .keep_going = watch.keep_going};
  if (watch.fetched)
    fetch.on_progress = [&watch](const FetchProgress& now) {
      watch.fetched(now.bytes_kept + now.bytes_received, now.bytes_total);
    };
  const HubSettings settings = hub_settings(
      {.token = hub.token, .cache = hub.cache, .offline = hub.local_files_only ? "local_files_only" : ""});
  return load_language_model(obtain_model(with_revision(model, hub.revision), fetch, settings), options,
                             watch);
}

LanguageModel LanguageModel::load(const MemoryModel& model, const ModelOptions& options, const Watch& watch) {
  std::vector<TensorView> tensors;
  for (const MemoryTensor& tensor : model.tensors)
    tensors.push_back(
        {.name = tensor.name,
         .dtype = dtype_named(tensor),
         .shape = tensor.shape,
         .bytes = {static_cast<const std::byte*>(tensor.data), static_cast<size_t>(tensor.bytes)}});
  ModelSource source = resolve_model(model.folder);
  source.name = model.name;
  source.tensors = std::make_shared<const MemoryTensors>(std::move(tensors), model.owner);
  return load_language_model(source, options, watch);
}

LanguageModel load_language_model(const ModelSource& source, const ModelOptions& options,
                                  const Watch& watch) {
  const Precision precision = precision_named(options.precision);
  if (options.threads < 0) refuse("threads", "{} is not 1 or more, or 0 for all", options.threads);
  auto engine = std::make_shared<LanguageModel::Engine>();
  engine->source = source;
  engine->options = options;
  ModelFiles files = open_model(engine->source);
  for (const std::string& sentence : files.config.warnings) warn(watch, sentence);
  const ThreadCount threads(options.threads);
  engine->keep_going = watch.keep_going;
  engine->loaded.backend = make_cpu_backend({.precision = precision, .keep_going = [slot = engine.get()] {
                                               return !slot->keep_going || slot->keep_going();
                                             }});
  if (engine->loaded.backend->precision() != precision)
    warn(watch, fmt::format("precision {}: no fast bf16 products on this CPU, because {}; running {}",
                            options.precision, describe_machine().missing_bf16,
                            name_of(engine->loaded.backend->precision())));
  engine->loaded.model = std::make_unique<Model>(std::move(files), *engine->loaded.backend);
  engine->keep_going = {};
  engine->info = info_of(engine->source, engine->model());
  return LanguageModel(std::move(engine));
}

const ModelInfo& LanguageModel::info() const { return engine_->info; }

Tokens LanguageModel::tokenize(std::string_view text, const std::string& bos, const Watch& watch) const {
  const Tokenizer& tokenizer = engine_->tokenizer(watch);
  return tokens_of(tokenizer, tokenizer.encode(text, bos_of(bos)));
}

std::string LanguageModel::decode(std::span<const int32_t> ids) const {
  return engine_->tokenizer().decode(ids);
}

std::string LanguageModel::piece(int32_t id) const { return engine_->tokenizer().token_bytes(id); }

std::vector<float> LanguageModel::logits(std::span<const int32_t> ids, const Watch& watch) const {
  const EngineCall call(*engine_, watch);
  const Model& model = call.model();
  const std::vector<LayerIndex> last = layers_of({}, model.config().num_layers);
  std::vector<float> logits;
  visit_residuals(model, ids, last, Hook::kResidPost, [&](LayerIndex, const Matrix& h) {
    const auto normed = model.backend().allocate(h.rows, h.columns);
    model.final_norm().apply(h, normed->matrix());
    logits.reserve(static_cast<size_t>(h.rows * model.config().vocab_size));
    for (int64_t row = 0; row < h.rows; row += kLogitRows) {
      const Matrix block = normed->rows(row, std::min(kLogitRows, h.rows - row));
      for (const double logit : model.backend().logits(*model.weights().head, block))
        logits.push_back(static_cast<float>(logit));
    }
  });
  return logits;
}

ResidualsByLayer32 LanguageModel::residuals(std::span<const int32_t> ids, const std::vector<int64_t>& layers,
                                            const std::string& hook, const std::optional<int64_t>& head,
                                            const Watch& watch) const {
  const EngineCall call(*engine_, watch);
  const Model& model = call.model();
  ResidualsByLayer32 residuals;
  visit_residuals(model, ids, layers_of(layers, model.config().num_layers),
                  point_of(hook, head, model.config()), [&](LayerIndex layer, const Matrix& h) {
                    const std::vector<double> values = model.backend().download(h);
                    residuals[layer.value].assign(values.begin(), values.end());
                  });
  return residuals;
}

Transcript LanguageModel::transcript(const std::string& text, const std::string& bos,
                                     const Watch& watch) const {
  const Tokenizer& tokenizer = engine_->tokenizer(watch);
  RunningText running = running_text(text, bos_of(bos), tokenizer);
  warn_of_two_bos(tokenizer, tokenizer.begins_with_two_bos(running.encoding.ids) ? 1 : 0, 1, watch);
  return transcript_of(*this, std::move(running));
}

Transcript LanguageModel::transcript_of_example(const DataSource& data, int64_t example,
                                                const std::string& bos, const Watch& watch) const {
  const Tokenizer& tokenizer = engine_->tokenizer(watch);
  RunningText running = running_example(load_data(data, watch), example, bos_of(bos), tokenizer);
  warn_of_two_bos(tokenizer, tokenizer.begins_with_two_bos(running.encoding.ids) ? 1 : 0, 1, watch);
  return transcript_of(*this, std::move(running));
}

Transcript LanguageModel::transcript_of_ids(std::vector<int32_t> ids) const {
  return transcript_of(*this, running_ids(std::move(ids)));
}

}  // namespace tugline
