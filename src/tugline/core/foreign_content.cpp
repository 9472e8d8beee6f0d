#include "tugline/core/foreign_content.h"

#include <array>

#include "tugline/core/error.h"

namespace tugline {
namespace {

struct Kind {
  std::string_view begin;
  std::string_view description;
};

constexpr std::string_view kPickle =
    "a pickle file (PyTorch's own format), which tugline does not read because loading one runs code; fetch "
    "or save the model "
    "as safetensors";

constexpr std::array kKinds{
    Kind{"version https://git-lfs.github.com/spec/",
         "a git-lfs pointer, not the file itself; run `git lfs pull` in the clone, or fetch the model with "
         "`hf download`"},
    Kind{"<!DOCTYPE",
         "a web page, not the file itself; fetch it again, with the access that the page asks for"},
    Kind{"<!doctype",
         "a web page, not the file itself; fetch it again, with the access that the page asks for"},
    Kind{"<html", "a web page, not the file itself; fetch it again, with the access that the page asks for"},
    Kind{"<?xml", "a server's XML message, not the file itself; fetch it again"},
    Kind{"Invalid username or password",
         "a server's refusal, not the file itself; log in and fetch it again"},
    Kind{"Access to model",
         "a server's refusal, not the file itself; ask for access, log in and fetch it again"},
    Kind{"Entry not found", "a server's answer that there is no such file; fetch it under its right name"},
    Kind{"{\"error\"", "a server's error message, not the file itself; fetch it again"},
    Kind{"GGUF", "a GGUF file under another name; rename it to *.gguf"},
    Kind{"PK\x03\x04", kPickle},
    Kind{"\x80\x02", kPickle},
    Kind{"\x1f\x8b", "compressed with gzip; decompress it first"}};

}  // namespace

void refuse_foreign_content(std::string_view content, std::string_view label) {
  for (const Kind& kind : kKinds)
    if (content.starts_with(kind.begin)) fail(ErrorCode::kInput, "{}: is {}", label, kind.description);
}

}  // namespace tugline
