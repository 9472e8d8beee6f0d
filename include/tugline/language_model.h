// A language model, its texts and the spans that are pushed before: load a model, tokenize, read logits and
// residuals, tug.
//
//   const auto model = tugline::LanguageModel::load("model.gguf");
//   const auto trace = model.transcript(text).trace("So the total is 12.");
//   const tugline::Responses curve = trace.tug({.layers = {20}});
//
// All of these are handles: copies are cheap and share one object, which lives as long as the last of them.
// Any thread may call a model. Calls run one after the other, each on all of the model's threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/error.h"
#include "tugline/options.h"
#include "tugline/responses.h"

namespace tugline {

// The library's version, "MAJOR.MINOR.PATCH". Before 1.0 a minor version may change the interface.
[[nodiscard]] TUGLINE_API std::string_view version();

struct ModelInfo {
  std::string name;          // ORG/NAME, the directory's name, the file's name without .gguf
  std::string path;          // of the directory or file
  std::string architecture;  // "LlamaForCausalLM" ...
  std::string fingerprint;   // of the weights: 16 hexadecimal digits
  std::string precision;     // of its results; it may differ from the requested one
  int64_t layers = 0;
  int64_t d_model = 0;        // width of the residual stream
  int64_t vocabulary = 0;     // rows of the embedding table, padding included
  int64_t heads = 0;          // query heads
  int64_t head_dim = 0;       // width of one
  int64_t max_positions = 0;  // the longest transcript; 0 if the files do not say
};

// A text as tokens.
struct Tokens {
  std::vector<int32_t> ids = {};
  std::vector<int64_t> begins = {};      // of each id, in bytes of the text
  std::vector<int64_t> ends = {};        // likewise, one past its last byte; a BOS has 0 and 0
  std::vector<std::string> pieces = {};  // the bytes of each id, which may not be UTF-8
};

// A tensor in a caller's memory, row by row: a linear layer's weight is [out, in].
struct MemoryTensor {
  std::string name = {};   // its name in the model's safetensors
  std::string dtype = {};  // "F32", "F16", "BF16", "F64"
  std::vector<int64_t> shape = {};
  const void* data = nullptr;
  int64_t bytes = 0;
};

// A model whose weights are in memory. tugline packs them; it does not copy them unchanged, and does not
// write to them.
struct MemoryModel {
  std::string name = {};    // for captions
  std::string folder = {};  // with its config.json and, for texts, tokenizer.json; it must not be removed
  std::vector<MemoryTensor> tensors = {};
  std::shared_ptr<const void> owner = {};  // keeps the memory
};

// The activations at one hook of one layer, row by row: [tokens, d_model], or [tokens, head_dim] at the hook
// "z".
using ResidualsByLayer32 = std::map<int64_t, std::vector<float>>;

class Transcript;

class TUGLINE_API LanguageModel {
 public:
  // `model`: a directory, a .gguf file, or ORG/NAME on the hub, which is downloaded if the hub's cache lacks
  // it. Reads and packs the weights. Errors: kNotFound; kInput, kUnsupported naming the setting or tensor for
  // which the model cannot be run.
  [[nodiscard]] static LanguageModel load(const std::string& model, const ModelOptions& options = {},
                                          const Watch& watch = {});

  // The same for weights in memory. Errors: those of load.
  [[nodiscard]] static LanguageModel load(const MemoryModel& model, const ModelOptions& options = {},
                                          const Watch& watch = {});

  [[nodiscard]] const ModelInfo& info() const;

  // `bos`: "auto" (as the tokenizer says), "always", "never". Errors: kNotFound if the model has no
  // tokenizer; kInput for text that is not UTF-8. Warns if the tokenizer's files contradict each other about
  // the BOS.
  [[nodiscard]] Tokens tokenize(std::string_view text, const std::string& bos = "auto",
                                const Watch& watch = {}) const;
  [[nodiscard]] std::string decode(std::span<const int32_t> ids) const;
  // The bytes of one id; none if no token has it. Errors: kNotFound as tokenize.
  [[nodiscard]] std::string piece(int32_t id) const;

  // [tokens, vocabulary], row by row. Errors: kInput for no ids, ids outside the vocabulary, a transcript
  // that is too long.
  [[nodiscard]] std::vector<float> logits(std::span<const int32_t> ids, const Watch& watch = {}) const;
  // `layers`, `hook` and `head` as in PushSettings. Errors: as logits; kUsage for a layer, hook or head that
  // the model does not have.
  [[nodiscard]] ResidualsByLayer32 residuals(std::span<const int32_t> ids, const std::vector<int64_t>& layers,
                                             const std::string& hook = "resid_post",
                                             const std::optional<int64_t>& head = {},
                                             const Watch& watch = {}) const;

  // A text in which to push. Warns if it begins with the BOS that is put in front. Errors: those of tokenize.
  [[nodiscard]] Transcript transcript(const std::string& text, const std::string& bos = "auto",
                                      const Watch& watch = {}) const;
  // The same for the example with this number of a dataset, from 0. Random directions are those that a sweep
  // of the dataset draws at the same tokens. Errors: also those of reading a dataset; kUsage for an example
  // that is not there.
  [[nodiscard]] Transcript transcript_of_example(const DataSource& data, int64_t example,
                                                 const std::string& bos = "auto",
                                                 const Watch& watch = {}) const;
  // The same for ids, which are run unchanged. If the model has no tokenizer, the pieces are empty.
  [[nodiscard]] Transcript transcript_of_ids(std::vector<int32_t> ids) const;

  struct Engine;  // of the library's own
  explicit LanguageModel(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}
  [[nodiscard]] const std::shared_ptr<Engine>& engine() const { return engine_; }

 private:
  std::shared_ptr<Engine> engine_;
};

class Trace;
struct SentenceResponses;

// A text in the form in which the model runs it.
class TUGLINE_API Transcript {
 public:
  [[nodiscard]] const LanguageModel& model() const { return model_; }
  [[nodiscard]] const std::string& text() const;  // empty if it was given as ids
  // BOS included; without places if given as ids.
  [[nodiscard]] const Tokens& tokens() const;

  // The span of a substring, which must occur exactly once. Errors: kUsage, kInput.
  [[nodiscard]] Trace trace(std::string_view sentence) const;
  // The span of tokens [begin, end). The push lands on begin - 1. Errors (kUsage): tokens that are not there;
  // begin 0.
  [[nodiscard]] Trace trace(int64_t begin, int64_t end) const;
  // The first anchor of a dataset's example. Errors: kUsage if the text is of no dataset; kInput if the
  // anchor is not in the text.
  [[nodiscard]] Trace anchor(const Watch& watch = {}) const;

  // Pushes at each sentence of the text, as Trace::tug does at one, and ranks them: the largest response
  // comes first. The sentences of a dataset's example are its chunks (docs/dataset.md); a text is cut by the
  // same rule, and what comes after its last sentence end is a sentence too. Warns of sentences that cannot
  // be pushed at, and leaves them out. Errors: those of Trace::tug; kUsage if the text was given as ids;
  // kNothingToMeasure if no sentence can be pushed at.
  [[nodiscard]] std::vector<SentenceResponses> tug_sentences(const PushSettings& settings = {},
                                                             const Watch& watch = {}) const;

  struct Content;  // of the library's own
  Transcript(LanguageModel model, std::shared_ptr<const Content> content)
      : model_(std::move(model)), content_(std::move(content)) {}
  [[nodiscard]] const Content& content() const { return *content_; }

 private:
  LanguageModel model_;
  std::shared_ptr<const Content> content_;
};

// One span of a transcript. The push lands on the token before it.
class TUGLINE_API Trace {
 public:
  [[nodiscard]] const Transcript& transcript() const { return transcript_; }
  [[nodiscard]] int64_t begin() const { return begin_; }
  [[nodiscard]] int64_t end() const { return end_; }

  // Pushes before the span and measures how far the next-token distributions move. Families of directions
  // that need residuals use those of this transcript. Errors: kUsage for settings that cannot be, naming
  // them; kInput for vectors of another width, or of zeros; kInterrupted.
  [[nodiscard]] Responses tug(const PushSettings& settings = {}, const Watch& watch = {}) const;

  Trace(Transcript transcript, int64_t begin, int64_t end)
      : transcript_(std::move(transcript)), begin_(begin), end_(end) {}

 private:
  Transcript transcript_;
  int64_t begin_;
  int64_t end_;
};

// What pushes at one sentence did.
struct SentenceResponses {
  int64_t sentence = 0;  // its number in the text, from 0
  std::string text = {};
  int64_t begin = 0;    // of its tokens
  int64_t end = 0;      // one past the last
  double response = 0;  // mean KL at the epsilon of largest size, over layers, directions and rows
  Responses responses;
};

}  // namespace tugline
