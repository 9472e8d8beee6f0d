// What the hub says of a repository, and names of models, on arbitrary bytes: an Error, or names that stay
// inside the cache's folder.
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "attempt.h"
#include "tugline/files/hub/hub_listing.h"
#include "tugline/files/hub/hub_model.h"

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

void read_name(std::string_view text) {
  const auto model = tugline::parse_hub_model(text);
  if (!model) return;
  const auto reference = std::filesystem::path("refs") / model->wanted_revision();
  expect(reference == reference.lexically_normal() && *reference.begin() == "refs");
  expect(model->organisation.find('/') == std::string::npos && model->name.find('/') == std::string::npos);
  expect(model->text() == text);
}

void read_listing(std::string_view text) {
  const tugline::HubListing listing = tugline::parse_hub_listing(text, "fuzz");
  expect(tugline::is_commit(listing.commit));
  for (const tugline::HubFile& file : tugline::small_files_of(listing, "fuzz"))
    expect(file.name.find('/') == std::string::npos);
  expect(tugline::weights_of(listing, "fuzz").name.starts_with("model.safetensors"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_name(text);
  attempt([&] { read_listing(text); });
  return 0;
}
