// MODEL on the command line: found, or fetched from the hub first.
#pragma once

#include <string>

#include "tugline/files/hub/fetch_model.h"

namespace tugline {

// Says on stderr what is fetched and how far it is. Errors: what obtain_model throws.
[[nodiscard]] ModelSource find_model(const std::string& argument, ModelParts parts = ModelParts::kAll);

// The snapshot's folder of a model on the hub, brought up to date; stops at an interruption (cli/interrupt).
// Errors: kUsage if `argument` is no name on the hub, and what fetch_model throws.
[[nodiscard]] std::filesystem::path fetch_by_name(const std::string& argument);

// The description of MODEL for a command's help.
inline constexpr const char* kModelHelp =
    "A model directory (config.json, tokenizer.json, *.safetensors), a .gguf file, or ORG/NAME or "
    "ORG/NAME@REVISION on the hub, which is "
    "fetched if the hub's cache lacks it";

}  // namespace tugline
