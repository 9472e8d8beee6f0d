// Added tokens: strings that are one token wherever they occur
// in a text. They are found before the text is cut into pieces.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tugline {

struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool single_word = false;  // found only if no word character touches it
  bool lstrip = false;       // includes the white space before it
  bool rstrip = false;       // includes the white space after it
  bool normalized = false;   // looked for in the normalised text; otherwise in the original
  bool special = false;
};

// A part of a text: an added token, or the text between two of them.
struct AddedTokenStretch {
  size_t begin = 0;
  size_t end = 0;
  std::optional<int32_t> id;
};

class AddedTokenMatcher {
 public:
  // If two tokens have the same content, the first is found. An empty content never matches.
  explicit AddedTokenMatcher(const std::vector<AddedToken>& tokens);

  // Covers `text` from its beginning to its end, each byte once; leftmost, then longest match. At most one
  // step for each byte of the text and each byte of the longest token. Thread-safe.
  [[nodiscard]] std::vector<AddedTokenStretch> split(std::string_view text) const;

 private:
  static constexpr int32_t kNone = -1;
  struct Node {
    int32_t token = kNone;                              // index of the token that ends here
    std::vector<std::pair<uint8_t, int32_t>> children;  // byte, node
  };
  struct Match {
    size_t end = 0;
    int32_t token = kNone;
  };
  void insert(const std::string& content, int32_t token);
  [[nodiscard]] Match longest_at(std::string_view text, size_t begin) const;
  [[nodiscard]] static bool stands_alone(std::string_view text, size_t begin, size_t end);

  std::vector<AddedToken> tokens_;
  std::array<int32_t, 256> first_{};  // node for a token's first byte
  std::vector<Node> nodes_;
};

}  // namespace tugline
