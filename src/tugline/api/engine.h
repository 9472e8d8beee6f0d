// The state that a LanguageModel's handles share: the model on its backend, its tokenizer, and the same model
// in f64 for audits. Also one call on it, which runs on the model's threads and can be stopped by the caller.
// Calls run one at a time.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "tugline/backend/backend.h"
#include "tugline/core/thread_count.h"
#include "tugline/language_model.h"
#include "tugline/model/model.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

struct LoadedBackend {
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Model> model;
};

struct LanguageModel::Engine {
  ModelSource source;
  ModelOptions options;
  ModelInfo info;
  LoadedBackend loaded;
  LoadedBackend exact;  // on the reference backend; empty until an audit needs it

  std::mutex one_call;
  // The stop question of the current call. Backends ask it from any thread, between a Call's beginning and
  // end.
  std::function<bool()> keep_going;

  std::mutex reading_tokenizer;
  std::atomic<bool> notes_are_told = false;
  std::optional<Tokenizer> tokenizer_slot;

  [[nodiscard]] const Model& model() const { return *loaded.model; }
  // Warns of the tokenizer's notes once. Errors: kNotFound if the model has none; those of Tokenizer.
  [[nodiscard]] const Tokenizer& tokenizer(const Watch& watch = {});
};

// Reads the tokenizer of a model directory or GGUF file. Errors: kNotFound if the model has no tokenizer; the
// errors of Tokenizer.
[[nodiscard]] Tokenizer read_tokenizer(const ModelSource& source);

// LanguageModel::load for files that are already found.
[[nodiscard]] LanguageModel load_language_model(const ModelSource& source, const ModelOptions& options,
                                                const Watch& watch);

// Waits until other calls on the engine end, and reserves it for this thread until the Call is destroyed.
class EngineCall {
 public:
  EngineCall(LanguageModel::Engine& engine, const Watch& watch);
  ~EngineCall();
  EngineCall(const EngineCall&) = delete;
  EngineCall& operator=(const EngineCall&) = delete;

  [[nodiscard]] const Model& model() const { return engine_.model(); }
  // The same model on the reference backend, which reads the weights from the files as it needs them.
  [[nodiscard]] const Model& exact_model();

 private:
  LanguageModel::Engine& engine_;
  std::scoped_lock<std::mutex> lock_;
  ThreadCount threads_;
};

}  // namespace tugline
