#include "tugline/cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "tugline/text/utf8.h"

namespace tugline {
namespace {

// Colours of the 256-colour palette, pale yellow to dark red. Black text is legible on all of them.
constexpr std::array<int, HeatScale::kLevels> kBackgrounds = {230, 228, 221, 214, 208, 203};
constexpr int kBlack = 16;

std::string painted(std::string_view text, int level) {
  if (level == 0) return std::string(text);
  return fmt::format("\x1b[38;5;{};48;5;{}m{}\x1b[0m", kBlack, kBackgrounds[static_cast<size_t>(level - 1)],
                     text);
}

std::string sign_of(char32_t code) {
  switch (code) {
    case U'\n':
      return "⏎";
    case U'\r':
      return "␍";
    case U'\t':
      return "⇥";
    default:
      return fmt::format("\\x{:02x}", static_cast<uint32_t>(code));
  }
}

size_t columns_of(int stream) {
  winsize size{};
  return ioctl(stream, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

// C0, delete, C1: what terminals take for commands.
bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

}  // namespace

bool refuses_colour() {
  const char* refused = std::getenv("NO_COLOR");
  return refused != nullptr && *refused != '\0';
}

Colour colour_of_standard_output() {
  const char* terminal = std::getenv("TERM");
  if (isatty(STDOUT_FILENO) == 0 || refuses_colour()) return Colour::kNo;
  return terminal == nullptr || std::string_view(terminal) == "dumb" ? Colour::kNo : Colour::kYes;
}

size_t columns_of_standard_output() { return columns_of(STDOUT_FILENO); }
size_t columns_of_standard_error() { return columns_of(STDERR_FILENO); }

std::string visible(std::string_view bytes) {
  const std::string text = replace_malformed(bytes);
  std::string shown;
  for (size_t at = 0; at < text.size();) {
    const Utf8Char character = utf8_char_at(text, at);
    shown += is_control(character.code) ? sign_of(character.code) : text.substr(at, character.bytes);
    at += character.bytes;
  }
  return shown;
}

int HeatScale::level(double value) const {
  if (!(largest_ > 0) || !(value > 0)) return 0;
  const double half_decades = 2 * std::log10(value / largest_);
  return static_cast<int>(
      std::clamp(std::floor(half_decades) + 1 + kLevels, 0.0, static_cast<double>(kLevels)));
}

std::string HeatScale::paint(std::string_view text, double value) const {
  return painted(text, level(value));
}

std::string HeatScale::legend() const {
  std::string text;
  for (int level = 1; level <= kLevels; ++level)
    text += painted(fmt::format(" {:.1e}+ ", largest_ * std::pow(10.0, (level - 1 - kLevels) / 2.0)), level);
  return text;
}

}  // namespace tugline
