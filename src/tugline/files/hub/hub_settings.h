// The settings of the hub in the environment, by the same variables as the hub's own tools.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace tugline {

// The hub's address, unless HF_ENDPOINT names another one.
inline constexpr const char* kDefaultHubEndpoint = "https://huggingface.co";

struct HubSettings {
  std::string endpoint;         // HF_ENDPOINT, without a slash at its end
  std::filesystem::path cache;  // hub_cache_folder()
  std::string
      offline;  // the variable that forbids the network (HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE); empty: none
  std::string token;           // HF_TOKEN, else HUGGING_FACE_HUB_TOKEN, else the content of HF_TOKEN_PATH or
                               // HF_HOME/token; empty: none. A secret: no message has it
  std::chrono::seconds stall;  // HF_HUB_DOWNLOAD_TIMEOUT: a server that sends nothing for so long is given up
  bool may_link = true;        // not HF_HUB_DISABLE_SYMLINKS
};

// What a caller wants in place of the environment's values. Empty fields leave those.
struct HubChoices {
  std::string token = {};
  std::filesystem::path cache = {};
  std::string offline = {};  // the name of the setting that forbids the network
};

// Throws Error (kUsage) that names the variable or setting with an impossible value: an endpoint that is no
// http or https address, a token that no header can carry, a time that is no number.
[[nodiscard]] HubSettings hub_settings(const HubChoices& choices = {});

// Where the hub's tools keep what they fetched: HF_HUB_CACHE, else HUGGINGFACE_HUB_CACHE, else HF_HOME/hub,
// else XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub. A leading ~ and $NAME or ${NAME} in
// them are replaced.
[[nodiscard]] std::filesystem::path hub_cache_folder();

}  // namespace tugline
