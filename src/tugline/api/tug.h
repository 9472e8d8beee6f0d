// Pushes at spans of one text: a sweep of one example whose results stay in memory.
#pragma once

#include <cstdint>
#include <vector>

#include "tugline/api/running_text.h"
#include "tugline/language_model.h"
#include "tugline/probe/sweep.h"

namespace tugline {

// Before the model's weights are loaded. Errors: those of check_transcript, replay_rows, check_memory_limit
// and check_span_memory.
void check_tug(const ModelConfig& config, const RunningText& text, TokenRange span,
               const SweepOptions& options);

// The sentences of the text at which these pushes can be made; warns of the others. Errors: those of
// sentence_spans and check_tug; kNothingToMeasure if there are none.
[[nodiscard]] std::vector<Span> measurable_sentences(const ModelConfig& config, const RunningText& text,
                                                     const SweepOptions& options, const Watch& watch);

// One result for each of `spans`, in their order; what they have in common is computed once. Errors: those of
// resolve, check_tug and run_sweep.
[[nodiscard]] std::vector<Responses> tug_spans(const LanguageModel& model, const RunningText& text,
                                               const std::vector<Span>& spans, const PushSettings& settings,
                                               const Watch& watch);

// By which a text's sentences are ranked: the mean KL at the epsilon of largest size, over layers, directions
// (not the null's) and rows.
[[nodiscard]] double largest_response(const Responses& responses);

}  // namespace tugline
