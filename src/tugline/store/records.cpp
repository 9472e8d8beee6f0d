#include "tugline/store/records.h"

#include <fmt/format.h>

#include <charconv>
#include <set>
#include <string_view>
#include <utility>

namespace tugline {
namespace {

// FNV-1a, 64 bits (Fowler, Noll, Vo): small, fixed for ever, and no secret is at stake.
class Fnv1a {
 public:
  void add(std::string_view text) {
    for (const char c : text) {
      hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    }
  }
  [[nodiscard]] uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325ULL;
};

std::string shown(const std::map<std::string, std::string>& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? "nothing" : fmt::format("\"{}\"", found->second);
}

}  // namespace

ByMeasure<std::vector<double>> unmoved_rows(size_t rows, const AskedMeasures& asked) {
  ByMeasure<std::vector<double>> values;
  for (size_t m = 0; m < kMeasures.size(); ++m) {
    values[m].resize(rows * static_cast<size_t>(asked.numbers(kMeasures[m])));
    if (kMeasures[m].type == RowType::kTokens)
      for (size_t i = 0; i < values[m].size(); i += 2) values[m][i] = MovedToken{}.token;
  }
  return values;
}

std::optional<PushGrid> grid_of(const std::vector<ResponseRecord>& responses) {
  std::set<int32_t> directions;
  std::set<double> epsilons;
  std::set<std::pair<int32_t, double>> pushes;
  for (const ResponseRecord& response : responses) {
    directions.insert(response.direction);
    epsilons.insert(response.epsilon);
    pushes.emplace(response.direction, response.epsilon);
  }
  PushGrid grid{{directions.begin(), directions.end()}, {epsilons.begin(), epsilons.end()}};
  if (pushes.size() != responses.size() || grid.size() != responses.size()) return std::nullopt;
  return grid;
}

std::set<int32_t> moved_tokens_of(const std::vector<ResponseRecord>& responses) {
  std::set<int32_t> tokens;
  for (const ResponseRecord& response : responses)
    for (size_t m = 0; m < kMeasures.size(); ++m)
      if (kMeasures[m].type == RowType::kTokens)
        for (size_t i = 0; i < response.rows[m].size(); i += 2)
          tokens.insert(static_cast<int32_t>(response.rows[m][i]));
  tokens.erase(MovedToken{}.token);
  return tokens;
}

std::string RunIdentity::hash() const {
  Fnv1a hash;
  for (const auto& [name, value] : fields) {
    // Lengths first: ("ab", "c") must not hash as ("a", "bc") does.
    hash.add(fmt::format("{}:{}:", name.size(), value.size()));
    hash.add(name);
    hash.add(value);
  }
  return fmt::format("{:016x}", hash.value());
}

std::vector<std::string> differences(const RunIdentity& stored, const RunIdentity& wanted,
                                     const ComparedNames& titles) {
  std::set<std::string> names;
  for (const auto& [name, value] : stored.fields) {
    names.insert(name);
  }
  for (const auto& [name, value] : wanted.fields) {
    names.insert(name);
  }
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    const std::string before = shown(stored.fields, name);
    const std::string now = shown(wanted.fields, name);
    if (before != now) {
      lines.push_back(fmt::format("{}: {} has {}, {} {}", name, titles.stored, before, titles.wanted, now));
    }
  }
  return lines;
}

std::string described(const Shard& shard) {
  return shard.is_whole() ? "the whole run" : fmt::format("shard {}/{}", shard.number, shard.count);
}

std::optional<int64_t> count_in(const Provenance& provenance, const std::string& name) {
  const auto found = provenance.find(name);
  if (found == provenance.end()) {
    return std::nullopt;
  }
  const std::string& text = found->second;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) {
    return std::nullopt;
  }
  return value;
}

}  // namespace tugline
