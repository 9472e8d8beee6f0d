#include "tugline/report/page.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tugline/report/cell_json.h"
#include "tugline/report/page_template.h"

namespace tugline {
namespace {

using Json = nlohmann::ordered_json;

// Rows are many, and are shown with three digits.
Json rounded(double value) {
  constexpr double kDigits = 1e4;
  if (value == 0 || !std::isfinite(value)) return value;
  const double scale = std::pow(10, std::floor(std::log10(std::abs(value))));
  // Through text, so that the quotient's last bits are not printed.
  return std::stod(fmt::format("{:.5g}", std::round(value / scale * kDigits) / kDigits * scale));
}

Json number_or_null(const std::optional<double>& value) { return value ? rounded(*value) : Json(); }

Json pairs_json(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json json = Json::array();
  for (const auto& [name, value] : pairs) json.push_back(Json::array({name, value}));
  return json;
}

Json table_json(const PageTable& table) {
  Json rows = Json::array();
  for (const std::vector<Cell>& cells : table.table.rows) {
    Json row = Json::array();
    for (const Cell& cell : cells) row.push_back(json_of(cell));
    rows.push_back(std::move(row));
  }
  return {{"name", table.table.name},       {"title", table.title},       {"caption", table.caption},
          {"columns", table.table.columns}, {"left_out", table.left_out}, {"rows", std::move(rows)}};
}

Json moves_json(const std::vector<PageMove>& moves) {
  Json json = Json::array();
  for (const PageMove& move : moves) json.push_back(Json::array({move.piece, rounded(move.change)}));
  return json;
}

// {"layer", "kl", "rows": the KL of each row, "delta", "moved": [rose, fell] of each row}
Json response_json(const PageResponse& response) {
  Json json = {{"layer", response.layer}, {"kl", response.kl}};
  if (response.rows.empty()) return json;
  Json kl = Json::array();
  Json delta = Json::array();
  Json moved = Json::array();
  bool any_moved = false;
  for (const PageRow& row : response.rows) {
    kl.push_back(rounded(row.kl));
    delta.push_back(number_or_null(row.delta_logprob));
    moved.push_back(Json::array({moves_json(row.rose), moves_json(row.fell)}));
    any_moved = any_moved || !row.rose.empty() || !row.fell.empty();
  }
  json["rows"] = std::move(kl);
  json["delta"] = std::move(delta);
  if (any_moved) json["moved"] = std::move(moved);
  return json;
}

Json span_json(const PageSpan& span) {
  Json responses = Json::array();
  for (const PageResponse& response : span.responses) responses.push_back(response_json(response));
  return {{"kind", span.kind},
          {"chunk", span.chunk},
          {"begin", span.tokens.begin},
          {"end", span.tokens.end},
          {"text", span.text},
          {"tokens", span.row_tokens},
          {"responses", std::move(responses)}};
}

Json transcript_json(const PageTranscript& transcript) {
  Json text = Json::array();
  for (const PageText& part : transcript.text) text.push_back(Json::array({part.text, part.chunk}));
  Json spans = Json::array();
  for (const PageSpan& span : transcript.spans) spans.push_back(span_json(span));
  return {{"example", transcript.example}, {"id", transcript.id},     {"prompt", transcript.prompt},
          {"skipped", transcript.skipped}, {"text", std::move(text)}, {"anchors", transcript.anchors},
          {"spans", std::move(spans)}};
}

std::string escaped_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '<') {
      escaped += "&lt;";
    } else if (c == '&') {
      escaped += "&amp;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// The text with U+FFFD for bytes that are not UTF-8, as JSON has it.
std::string replaced_malformed(const std::string& text) {
  const std::string quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(quoted).get<std::string>();
}

// The template with the texts for its marks, each of which may stand several times. A mark within a text is
// text.
std::string filled(std::string_view html, std::string_view title, std::string_view data) {
  constexpr std::string_view kTitle = "{{title}}";
  constexpr std::string_view kData = "{{data}}";
  std::string filled;
  for (size_t place = 0; (place = html.find("{{")) != std::string_view::npos;) {
    const bool is_title = html.substr(place).starts_with(kTitle);
    assert(is_title || html.substr(place).starts_with(kData));
    filled.append(html.substr(0, place)).append(is_title ? title : data);
    html.remove_prefix(place + (is_title ? kTitle : kData).size());
  }
  return filled.append(html);
}

}  // namespace

std::string page_json(const Page& page) {
  Json json = {{"title", page.title},
               {"epsilon", page.epsilon},
               {"epsilon_name", page.epsilon_name},
               {"answers", Json::array()},
               {"warnings", page.warnings},
               {"facts", pairs_json(page.facts)},
               {"identity", pairs_json(page.identity)},
               {"analysis", pairs_json(page.analysis)},
               {"tables", Json::array()},
               {"transcripts", Json::array()}};
  for (const auto& [question, sentences] : page.answers)
    json["answers"].push_back({{"question", question}, {"sentences", sentences}});
  for (const PageTable& table : page.tables) json["tables"].push_back(table_json(table));
  for (const PageTranscript& transcript : page.transcripts)
    json["transcripts"].push_back(transcript_json(transcript));
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  // '<' stands in strings only. Without it no text can end the element or begin a comment in it.
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string page_html(const Page& page) {
  return filled(kPageTemplate, escaped_html(replaced_malformed(page.title)), page_json(page));
}

std::string_view page_mark() { return "<!doctype html>\n<!-- a page of tugline report -->"; }

}  // namespace tugline
