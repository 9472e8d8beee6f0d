// A small run store that lacks nothing, as bytes.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "scratch_file.h"
#include "tugline/store/run_store.h"
#include "tugline/store/unit_rows.h"

inline tugline::UnitRecord made_unit(int32_t layer) {
  tugline::UnitRecord unit{.key = {.example = 0, .span_kind = "anchor", .chunk = 1, .layer = layer},
                           .span = {2, 4},
                           .span_text = "So.",
                           .sink = false,
                           .measured = {.position = 3, .rms = 1, .rows = {3, 4}, .row_tokens = {5, 6}},
                           .audit = {.pushes = 1}};
  for (const double epsilon : {0.5, 2.0}) {
    tugline::ResponseRecord response{.epsilon = epsilon, .cosine = 0.5, .rows = tugline::unmoved_rows(2)};
    for (size_t m = 0; m < tugline::kMeasures.size(); ++m)
      if (tugline::kMeasures[m].is_always_measured()) response.means[m] = 0;
    unit.measured.responses.push_back(response);
  }
  return unit;
}

// In pages of 512 bytes, the smallest, so that few bytes mean nothing.
inline std::string whole_store() {
  const ScratchFile file("whole.db");
  {
    auto store =
        tugline::RunStore::create_or_resume(file.path(), {{{"seed", "1"}}}, {{"version", "0"}}, {1, 2});
    store.put_example({.example = 0, .content_hash = "00", .prompt = "Why?", .tokens = 8, .skipped = ""});
    store.put_skipped_span({.example = 0, .span_kind = "chunk", .chunk = 0, .reason = "none"});
    for (const int32_t layer : {0, 1}) store.put_unit(made_unit(layer), {{5, "a"}, {6, "b"}});
    store.put_failure(
        {.key = {.example = 0, .span_kind = "chunk", .chunk = 2, .layer = 0}, .span = {4, 5}, .reason = "x"});
  }
  {
    SQLite::Database database(file.path().string(), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA page_size = 512; VACUUM");
  }
  std::ifstream in(file.path(), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
