#include "tugline/text/bpe.h"

#include <algorithm>
#include <queue>
#include <tuple>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/text/byte_level.h"

namespace tugline {
namespace {

// Pieces longer than this, which exceeds any natural word, are not remembered.
constexpr size_t kLongestCachedPiece = 128;

constexpr uint32_t kNone = UINT32_MAX;

// A token in the making: a node of a doubly linked list over the piece. `end` is `begin` in one that was
// merged away.
struct Symbol {
  int32_t id = 0;
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t previous = kNone;
  uint32_t next = kNone;
};

// A merge that was possible when it was queued. It is stale if either side has changed since.
struct Candidate {
  int32_t rank = 0;
  uint32_t left = 0;  // index of the left symbol, which is also its place in the text
  int32_t left_id = 0;
  int32_t right_id = 0;
  int32_t merged_id = 0;
};

// Lowest rank first, then leftmost.
struct Later {
  bool operator()(const Candidate& a, const Candidate& b) const {
    return std::tie(a.rank, a.left) > std::tie(b.rank, b.left);
  }
};

}  // namespace

// The merge loop's state: the list of symbols and the queue of possible merges.
class MergeQueue {
 public:
  MergeQueue(const Bpe& bpe, std::string_view piece) : bpe_(bpe) {
    symbols_.reserve(piece.size());
    for (uint32_t at = 0; at < piece.size(); ++at) {
      const int32_t id = bpe.byte_ids_[static_cast<uint8_t>(piece[at])];
      if (id >= 0) append(id, at);
    }
    std::vector<Candidate> all;
    all.reserve(symbols_.size());
    for (uint32_t i = 0; i + 1 < symbols_.size(); ++i) {
      if (const auto* merge = bpe.find_merge(symbols_[i].id, symbols_[i + 1].id)) {
        all.push_back({merge->rank, i, symbols_[i].id, symbols_[i + 1].id, merge->id});
      }
    }
    queue_ = Queue(Later{}, std::move(all));
  }

  void run() {
    while (!queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      if (is_current(best)) merge(best);
    }
  }

  void emit(std::vector<PieceToken>& out) const {
    for (const Symbol& s : symbols_) {
      if (s.begin != s.end) out.push_back({s.id, s.begin, s.end});
    }
  }

 private:
  using Queue = std::priority_queue<Candidate, std::vector<Candidate>, Later>;

  void append(int32_t id, uint32_t at) {
    const auto index = static_cast<uint32_t>(symbols_.size());
    if (index > 0) symbols_.back().next = index;
    symbols_.push_back({id, at, at + 1, index > 0 ? index - 1 : kNone, kNone});
  }

  [[nodiscard]] bool is_current(const Candidate& c) const {
    const Symbol& left = symbols_[c.left];
    return left.begin != left.end && left.id == c.left_id && left.next != kNone &&
           symbols_[left.next].id == c.right_id;
  }

  void merge(const Candidate& c) {
    Symbol& left = symbols_[c.left];
    Symbol& right = symbols_[left.next];
    left.id = c.merged_id;
    left.end = right.end;
    left.next = right.next;
    right.end = right.begin;
    if (left.next != kNone) symbols_[left.next].previous = c.left;
    if (left.previous != kNone) push(left.previous);
    if (left.next != kNone) push(c.left);
  }

  void push(uint32_t left) {
    const int32_t left_id = symbols_[left].id;
    const int32_t right_id = symbols_[symbols_[left].next].id;
    if (const auto* merge = bpe_.find_merge(left_id, right_id)) {
      queue_.push({merge->rank, left, left_id, right_id, merge->id});
    }
  }

  const Bpe& bpe_;
  std::vector<Symbol> symbols_;
  Queue queue_;
};

Bpe::Bpe(BpeVocabulary vocabulary, const std::string& where) : ignore_merges_(vocabulary.ignore_merges) {
  ids_.reserve(vocabulary.tokens.size());
  for (auto& [token, id] : vocabulary.tokens) {
    if (!ids_.emplace(std::move(token), id).second) {
      fail(ErrorCode::kInput, "{}: the vocabulary has one token twice, at id {}", where, id);
    }
  }
  for (int byte = 0; byte < 256; ++byte) {
    const char raw = static_cast<char>(static_cast<uint8_t>(byte));
    const auto found = ids_.find(to_byte_level(std::string_view(&raw, 1)));
    byte_ids_[static_cast<size_t>(byte)] = found == ids_.end() ? -1 : found->second;
  }
  add_merges(vocabulary, where);
}

void Bpe::add_merges(const BpeVocabulary& vocabulary, const std::string& where) {
  merges_.reserve(vocabulary.merges.size());
  int32_t rank = 0;
  for (const auto& merge : vocabulary.merges) {
    const std::string& left = merge.first;  // not bindings: clang 14 lets no lambda capture those
    const std::string& right = merge.second;
    const auto id_of = [&](const std::string& token) {
      const auto found = ids_.find(token);
      if (found != ids_.end()) return found->second;
      fail(ErrorCode::kInput, "{}: merge {} ('{}' '{}'): '{}' is not in the vocabulary", where, rank,
           excerpt(left, 40), excerpt(right, 40), excerpt(token, 40));
    };
    const int32_t merged = id_of(left + right);
    merges_.insert_or_assign(pair_key(id_of(left), id_of(right)), Merge{rank, merged});
    ++rank;
  }
}

uint64_t Bpe::pair_key(int32_t left, int32_t right) {
  return (static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32) | static_cast<uint32_t>(right);
}

const Bpe::Merge* Bpe::find_merge(int32_t left, int32_t right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

bool Bpe::covers_every_byte() const {
  return std::all_of(byte_ids_.begin(), byte_ids_.end(), [](int32_t id) { return id >= 0; });
}

void Bpe::encode(std::string_view piece, std::vector<PieceToken>& out) const {
  if (ignore_merges_) {
    if (const auto found = ids_.find(to_byte_level(piece)); found != ids_.end()) {
      out.push_back({found->second, 0, static_cast<uint32_t>(piece.size())});
      return;
    }
  }
  merge_all(piece, out);
}

void Bpe::merge_all(std::string_view piece, std::vector<PieceToken>& out) const {
  if (piece.size() >= kNone) {
    fail(ErrorCode::kUnsupported, "a stretch of {} bytes without a place to cut it: texts stay under 4 GiB",
         piece.size());
  }
  MergeQueue queue(*this, piece);
  queue.run();
  queue.emit(out);
}

const std::vector<PieceToken>& BpeCache::encode(const std::string& piece) {
  if (piece.size() > kLongestCachedPiece) {
    long_piece_.clear();
    bpe_.encode(piece, long_piece_);
    return long_piece_;
  }
  const auto [entry, is_new] = words_.try_emplace(piece);
  if (is_new) bpe_.encode(piece, entry->second);
  return entry->second;
}

}  // namespace tugline
