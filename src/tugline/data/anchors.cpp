#include "tugline/data/anchors.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "tugline/core/excerpt.h"
#include "tugline/core/white_space.h"

namespace tugline {
namespace {

int64_t shared_bytes(ByteRange a, ByteRange b) { return std::min(a.end, b.end) - std::max(a.begin, b.begin); }

std::string_view text_at(std::string_view text, ByteRange range) {
  return text.substr(static_cast<size_t>(range.begin), static_cast<size_t>(range.size()));
}

std::vector<ByteRange> occurrences(std::string_view text, std::string_view sentence) {
  std::vector<ByteRange> found;
  for (size_t at = text.find(sentence); at != std::string_view::npos;
       at = text.find(sentence, at + sentence.size())) {
    found.push_back({static_cast<int64_t>(at), static_cast<int64_t>(at + sentence.size())});
  }
  return found;
}

// Finds the sentence with any white space in place of its own.
std::vector<ByteRange> folded_occurrences(std::string_view text, std::string_view sentence) {
  const FoldedText folded = fold_white_space(text);
  std::vector<ByteRange> found = occurrences(folded.text, fold_white_space(sentence).text);
  for (ByteRange& range : found) {
    range = folded.source(static_cast<size_t>(range.begin), static_cast<size_t>(range.end));
  }
  return found;
}

int64_t count_of(const std::vector<ByteRange>& chunks) { return static_cast<int64_t>(chunks.size()); }

bool is_in_chunk(ByteRange place, int64_t chunk, const std::vector<ByteRange>& chunks) {
  return chunk >= 0 && chunk < count_of(chunks) &&
         shared_bytes(place, chunks[static_cast<size_t>(chunk)]) > 0;
}

// The place in chunk `index`, or the first place without an index. Null if none is there.
const ByteRange* choose_place(const std::vector<ByteRange>& places, std::optional<int64_t> index,
                              const std::vector<ByteRange>& chunks) {
  if (places.empty()) return nullptr;
  if (places.size() == 1 || !index) return &places.front();
  const auto found = std::find_if(places.begin(), places.end(),
                                  [&](ByteRange place) { return is_in_chunk(place, *index, chunks); });
  return found == places.end() ? nullptr : &*found;
}

// The chunk that `place` shares most bytes with: `preferred` if that is one of them.
int64_t chunk_of(ByteRange place, std::optional<int64_t> preferred, const std::vector<ByteRange>& chunks) {
  if (preferred && is_in_chunk(place, *preferred, chunks)) return *preferred;
  int64_t best = -1;
  int64_t most = 0;
  for (int64_t i = 0; i < count_of(chunks); ++i) {
    const int64_t shared = shared_bytes(place, chunks[static_cast<size_t>(i)]);
    if (shared <= most) continue;
    most = shared;
    best = i;
  }
  return best;
}

constexpr size_t kGram = 3;

std::unordered_set<std::string_view> grams_of(std::string_view text) {
  std::unordered_set<std::string_view> grams;
  for (size_t i = 0; i + kGram <= text.size(); ++i) grams.insert(text.substr(i, kGram));
  return grams;
}

// Dice's coefficient of the two texts' distinct three-byte substrings: 1 for equal texts, 0 if they share
// none.
double similarity(const std::unordered_set<std::string_view>& wanted, std::string_view text) {
  const auto grams = grams_of(text);
  const auto shared =
      std::count_if(grams.begin(), grams.end(), [&](auto gram) { return wanted.contains(gram); });
  return 2.0 * static_cast<double>(shared) /
         static_cast<double>(std::max<size_t>(1, grams.size() + wanted.size()));
}

// Texts that share less are unrelated.
constexpr double kLeastSimilarity = 0.2;

// "; the nearest text is chunk 3, 'So the total is 12.'", or an empty text if no chunk resembles the
// sentence.
std::string nearest_text(std::string_view sentence, const AnchorText& text) {
  const auto wanted = grams_of(sentence);
  std::string found;
  double best = kLeastSimilarity;
  const auto consider = [&](std::string_view candidate, const std::string& name) {
    const double score = similarity(wanted, candidate);
    if (score <= best) return;
    best = score;
    found = fmt::format("; the nearest text is {}, '{}'", name, excerpt(candidate));
  };
  for (size_t i = 0; i < text.chunks.size(); ++i) {
    consider(text_at(text.cot, text.chunks[i]), fmt::format("chunk {}", i));
  }
  const size_t rest = text.chunks.empty() ? 0 : static_cast<size_t>(text.chunks.back().end);
  consider(trimmed(text.cot.substr(rest)), "after the last chunk");
  return found;
}

std::string missing_chunk(int64_t index, const AnchorText& text) {
  return fmt::format("thought_anchor_idx is {}, and the reasoning text has {} chunk{}, counted from 0", index,
                     text.chunks.size(), text.chunks.size() == 1 ? "" : "s");
}

Anchor anchor_by_number(int64_t index, const AnchorText& text) {
  Anchor anchor{
      .sentence = {}, .index = index, .place = std::nullopt, .chunk = -1, .problem = {}, .doubt = {}};
  if (index >= count_of(text.chunks)) {
    anchor.problem = missing_chunk(index, text);
    anchor.doubt = anchor.problem;
    return anchor;
  }
  const ByteRange chunk = text.chunks[static_cast<size_t>(index)];
  if (chunk.size() == 0) {
    anchor.problem =
        fmt::format("The text of chunk {} (thought_anchor_idx) is not in the reasoning text (cot)", index);
    return anchor;
  }
  anchor.sentence = std::string(text_at(text.cot, chunk));
  anchor.place = chunk;
  anchor.chunk = index;
  return anchor;
}

std::string doubt_about(const Anchor& anchor, const AnchorText& text) {
  if (!anchor.index || trimmed(text.cot).empty()) return {};
  if (*anchor.index >= count_of(text.chunks)) return missing_chunk(*anchor.index, text);
  if (anchor.place && is_in_chunk(*anchor.place, *anchor.index, text.chunks)) return {};
  if (anchor.chunk >= 0) {
    return fmt::format("thought_anchor_idx is {}, and the anchor sentence is in chunk {}", *anchor.index,
                       anchor.chunk);
  }
  return fmt::format("thought_anchor_idx is {}, and the anchor sentence is not in that chunk", *anchor.index);
}

}  // namespace

Anchor place_anchor(std::string_view sentence, std::optional<int64_t> index, const AnchorText& text) {
  sentence = trimmed(sentence);
  if (sentence.empty()) return anchor_by_number(*index, text);
  Anchor anchor{.sentence = std::string(sentence),
                .index = index,
                .place = std::nullopt,
                .chunk = -1,
                .problem = {},
                .doubt = {}};
  std::vector<ByteRange> places = occurrences(text.cot, sentence);
  const ByteRange* place = choose_place(places, index, text.chunks);
  if (place == nullptr) {
    places = folded_occurrences(text.cot, sentence);
    place = choose_place(places, index, text.chunks);
  }
  if (place != nullptr) {
    anchor.place = *place;
    anchor.chunk = chunk_of(*place, index, text.chunks);
  } else if (!places.empty()) {
    anchor.problem = fmt::format(
        "The anchor sentence occurs {} times, none of them in chunk {} (thought_anchor_idx) of {}",
        places.size(), *index, text.chunks.size());
  } else {
    anchor.problem = trimmed(text.cot).empty() ? "The example has no reasoning text (cot)"
                                               : "The anchor sentence is not in the reasoning text (cot)" +
                                                     nearest_text(sentence, text);
  }
  anchor.doubt = doubt_about(anchor, text);
  return anchor;
}

}  // namespace tugline
