#include "tugline/data/number_lists.h"

#include <fmt/format.h>

#include <algorithm>

namespace tugline {
namespace {

bool is_number_list(const nlohmann::json& value) {
  const auto is_number = [](const nlohmann::json& element) { return element.is_number(); };
  return value.is_array() && std::any_of(value.begin(), value.end(), is_number) &&
         std::all_of(value.begin(), value.end(),
                     [&](const nlohmann::json& element) { return is_number(element) || element.is_null(); });
}

}  // namespace

ChunkNumbers read_chunk_numbers(const ExampleFields& fields, const std::vector<std::string>& required,
                                const std::set<std::string>& known, size_t chunks) {
  ChunkNumbers out;
  for (const std::string& name : required) {
    std::optional<NumberList> values = fields.numbers(name);
    if (!values) continue;
    if (values->size() == chunks) {
      out.metrics.emplace(name, std::move(*values));
    } else {
      out.doubts.push_back(fmt::format("{} has {} values, and the reasoning text has {} chunks",
                                       fields.name_in_file(name), values->size(), chunks));
    }
  }
  for (const auto& [field, value] : fields.object().items()) {
    if (known.contains(field) || !is_number_list(value)) continue;
    if (value.size() != chunks) {
      out.others.emplace(field, value.size());
      continue;
    }
    NumberList values;
    for (const nlohmann::json& element : value) {
      values.push_back(element.is_null() ? std::nullopt : std::optional(element.get<double>()));
    }
    out.metrics.emplace(field, std::move(values));
  }
  return out;
}

}  // namespace tugline
