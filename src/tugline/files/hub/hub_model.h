// A model's name on a hub: ORG/NAME, or ORG/NAME@REVISION. Reads no file and asks nobody.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tugline {

struct HubModel {
  std::string organisation = {};
  std::string name = {};
  std::string revision = {};  // a branch, a tag, a commit or refs/pr/N; empty if none was given

  [[nodiscard]] std::string repository() const { return organisation + "/" + name; }
  // What a request asks for: the revision, or the default branch.
  [[nodiscard]] std::string wanted_revision() const { return revision.empty() ? "main" : revision; }
  // As it was typed.
  [[nodiscard]] std::string text() const { return repository() + (revision.empty() ? "" : "@" + revision); }
};

// No value if `argument` cannot be such a name: the hub allows letters, digits, '-', '_' and '.' in ORG and
// NAME, and git allows no revision that could lead out of a folder. A name that ends in .gguf is a file's.
[[nodiscard]] std::optional<HubModel> parse_hub_model(std::string_view argument);

// Whether `revision` is a whole commit: 40 lower-case hexadecimal digits.
[[nodiscard]] bool is_commit(std::string_view revision);

}  // namespace tugline
