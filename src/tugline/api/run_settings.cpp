#include "tugline/api/run_settings.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string>

#include "tugline/core/error.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

template <typename Number>
Number number_in(const std::string& text, const RunStore& store, const char* name) {
  Number number{};
  const char* const end = text.data() + text.size();
  if (std::from_chars(text.data(), end, number) != std::from_chars_result{end, std::errc()})
    fail(ErrorCode::kInput, "{}: the identity's {} is '{}', expected a number", store.path().string(), name,
         text);
  return number;
}

class Reader {
 public:
  explicit Reader(const RunStore& store)
      : store_(store), fields_(store.identity().fields), meta_(store.meta()) {}

  void set_site(PushSettings& push) const {
    push.hook = field(field::kHook);
    if (fields_.contains(field::kHead)) push.head = number<int64_t>(field::kHead);
    if (fields_.contains(field::kAt)) push.at = field(field::kAt);
    push.readout = field(field::kReadout);
    push.temperature = number<double>(field::kTemperature);
    push.vocabulary = field(field::kVocabulary).starts_with("sampled") ? "sampled" : "exact";
    push.moved_tokens = number<int64_t>(field::kMovedTokens);
    if (const std::string answers = field(field::kAnswers); answers != "none") {
      const size_t comma = answers.find(',');
      push.answers = {number_in<int32_t>(answers.substr(0, comma), store_, field::kAnswers),
                      number_in<int32_t>(answers.substr(comma + 1), store_, field::kAnswers)};
    }
  }

  void set_directions(PushSettings& push) const {
    push.push = field(field::kPush);
    push.seed = number<uint64_t>(field::kSeed);
    push.direction_sharing = field(field::kDirectionSharing);
    const std::string source = field(field::kDirectionFamily);
    if (source.starts_with("file")) {
      push.direction_file = file(field::kDirectionFile);
    } else if (source != "residuals") {
      push.direction_family = source;
    }
    const std::string orthogonal = field(field::kOrthogonalTo);
    if (orthogonal == "residual") push.orthogonal_to = orthogonal;
    if (orthogonal.starts_with("file")) push.orthogonal_to = file(field::kOrthogonalFile);
    count_directions(source.starts_with("file"), push);
  }

  void set_spans(SweepSettings& settings) const {
    std::set<std::string> names;
    for (const UnitKey& key : store_.unit_keys())
      names.insert(key.span_kind == "anchor" ? "anchor" : key.span_kind == "chunk" ? "chunks" : "controls");
    settings.spans.assign(names.begin(), names.end());
    settings.bos = field("bos");
  }

 private:
  [[nodiscard]] std::string field(const char* name) const {
    const auto found = fields_.find(name);
    if (found == fields_.end())
      fail(ErrorCode::kInput, "{}: the identity has no {}", store_.path().string(), name);
    return found->second;
  }
  template <typename Number>
  [[nodiscard]] Number number(const char* name) const {
    return number_in<Number>(field(name), store_, name);
  }
  [[nodiscard]] std::string file(const char* name) const {
    const auto found = meta_.find(name);
    if (found == meta_.end() || found->second.empty())
      fail(ErrorCode::kUsage,
           "{}: the run's vectors were given as an array, which no file has, so that they cannot be pushed "
           "again",
           store_.path().string());
    return found->second;
  }

  // The largest number of any unit.
  void count_directions(bool has_vectors, PushSettings& push) const {
    std::set<int32_t> main;
    std::set<int32_t> null;
    for (const UnitKey& key : store_.unit_keys()) {
      const std::vector<ResponseRecord> responses = store_.responses(key, RowValues::kSkip);
      for (const ResponseRecord& response : responses)
        (response.set == DirectionSet::kMain ? main : null).insert(response.direction);
      if (!responses.empty()) break;
    }
    for (const UnitKey& key : store_.unit_keys())
      for (const MeasuredPart& part : store_.parts(key))
        for (const int32_t direction : part.grid.directions)
          (has_vectors && !main.contains(direction) ? null : main).insert(direction);
    if (!has_vectors) push.directions = std::max<int32_t>(1, static_cast<int32_t>(main.size()));
    push.null_directions = static_cast<int32_t>(null.size());
  }

  const RunStore& store_;
  std::map<std::string, std::string> fields_;
  Provenance meta_;
};

}  // namespace

SweepSettings settings_of_run(const RunStore& store) {
  const Reader reader(store);
  SweepSettings settings{.push = {.audit = 0}};
  reader.set_site(settings.push);
  reader.set_directions(settings.push);
  reader.set_spans(settings);
  return settings;
}

}  // namespace tugline
