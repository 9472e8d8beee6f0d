// The page of `tugline report`: one HTML file that needs no network. This is what it shows, as plain values,
// and its text. The template lies in report/page/ (HTML, CSS, JavaScript) and is embedded when tugline is
// built.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/store/result_table.h"

namespace tugline {

struct PageAnswer {
  std::string question = {};
  std::vector<std::string> sentences = {};
};

// A table that the page shows, copies and downloads.
struct PageTable {
  std::string title = {};
  std::string caption = {};  // one or two sentences: what a row is, and units
  ResultTable table = {};    // `name` is the downloaded file's
  int64_t left_out = 0;      // rows that the page does not hold, to stay small
};

// A token and how its probability changed.
struct PageMove {
  std::string piece = {};  // bytes, which may be a part of a character
  double change = 0;
};

// What the pushes of a span did to one row: means over the directions.
struct PageRow {
  double kl = 0;
  std::optional<double> delta_logprob = {};
  std::vector<PageMove> rose = {};  // the largest first
  std::vector<PageMove> fell = {};
};

// What the pushes at one layer did.
struct PageResponse {
  int32_t layer = 0;
  double kl = 0;                   // mean over the directions and rows
  std::vector<PageRow> rows = {};  // as PageSpan::tokens; empty if the page leaves them out
};

// A span that was measured.
struct PageSpan {
  std::string kind = {};
  int64_t chunk = -1;
  TokenRange tokens = {};
  std::string text = {};
  std::vector<std::string> row_tokens =
      {};  // the next token of each row that was read; empty text if it is not known
  std::vector<PageResponse> responses = {};  // by layer
};

// A part of a transcript's text; `chunk` is its number, and -1 is text between chunks.
struct PageText {
  std::string text = {};
  int64_t chunk = -1;
};

struct PageTranscript {
  int64_t example = 0;
  std::string id = {};
  std::string prompt = {};
  std::string skipped = {};           // reason; empty if it was measured
  std::vector<PageText> text = {};    // in order; empty if the dataset is not given
  std::vector<int64_t> anchors = {};  // numbers of chunks
  std::vector<PageSpan> spans = {};
};

struct Page {
  std::string title = {};
  std::vector<PageAnswer> answers = {};
  std::vector<std::string> warnings = {};
  std::vector<std::pair<std::string, std::string>> facts = {};     // what a reader needs first
  std::vector<std::pair<std::string, std::string>> identity = {};  // what decides the numbers
  std::vector<std::pair<std::string, std::string>> analysis = {};  // the settings of the analysis
  double epsilon = 0;                                              // of the transcripts' responses
  std::string epsilon_name = "epsilon";                            // "fraction" for interpolations
  std::vector<PageTable> tables = {};
  std::vector<PageTranscript> transcripts = {};
};

// The page's data as JSON that may stand in an HTML <script> element: it has no '<', and bytes that are not
// UTF-8 become U+FFFD.
[[nodiscard]] std::string page_json(const Page& page);

// The whole file.
[[nodiscard]] std::string page_html(const Page& page);

// The beginning of every page, by which an earlier one is known.
[[nodiscard]] std::string_view page_mark();

}  // namespace tugline
