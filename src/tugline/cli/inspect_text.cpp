#include "tugline/cli/inspect_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tugline/cli/terminal.h"
#include "tugline/core/plural.h"
#include "tugline/text/utf8.h"

namespace tugline {

std::string encoding_json(const Tokenizer& tokenizer, const Encoding& encoding) {
  using Json = nlohmann::ordered_json;
  Json json = {{"ids", encoding.ids}, {"offsets", Json::array()}, {"pieces", Json::array()}};
  for (const ByteRange& bytes : encoding.offsets) json["offsets"].push_back({bytes.begin, bytes.end});
  for (const int32_t id : encoding.ids)
    json["pieces"].push_back(replace_malformed(tokenizer.token_bytes(id)));
  return json.dump() + "\n";
}

std::string encoding_text(const Tokenizer& tokenizer, const Encoding& encoding) {
  std::string text = fmt::format("{}\n{:>7}{:>9}{:>16}  piece\n", counted(std::ssize(encoding.ids), "token"),
                                 "token", "id", "bytes");
  for (size_t i = 0; i < encoding.ids.size(); ++i) {
    const ByteRange bytes = encoding.offsets[i];
    text += fmt::format("{:>7}{:>9}{:>16}  '{}'\n", i, encoding.ids[i],
                        fmt::format("{}:{}", bytes.begin, bytes.end),
                        visible(tokenizer.token_bytes(encoding.ids[i])));
  }
  return text;
}

}  // namespace tugline
