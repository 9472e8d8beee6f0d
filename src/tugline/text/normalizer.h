// Unicode normalisation that also records from which bytes of the original text each byte of the normalised
// text comes. Only NFC, the one form on which byte-level vocabularies are trained.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/core/ids.h"

namespace tugline {

enum class Normalization { kNone, kNfc };

class NormalizedText {
 public:
  [[nodiscard]] std::string_view text() const { return changed_ ? std::string_view(storage_) : original_; }

  // The bytes of the original text that bytes [begin, end) of text() come from. A byte of a character that
  // normalisation left alone comes from that one byte; a byte of a character that it made comes from every
  // byte of every character that went into it. An empty range lies at its place.
  [[nodiscard]] ByteRange source(size_t begin, size_t end) const;

 private:
  friend NormalizedText normalize(std::string_view, int64_t, Normalization);
  friend class NfcWriter;
  std::string_view original_;
  int64_t base_ = 0;  // offset of original_ in the whole text
  bool changed_ = false;
  std::string storage_;             // used only if changed_
  std::vector<ByteRange> sources_;  // one for each byte of storage_, relative to original_
};

// `part` is well-formed UTF-8 that begins `base` bytes into the original text, and outlives the result.
[[nodiscard]] NormalizedText normalize(std::string_view part, int64_t base, Normalization form);

}  // namespace tugline
